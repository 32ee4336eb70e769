"""Tracks: time reversal, crossings, gaps, jumps, ripples, and the assignment itself."""

from __future__ import annotations

import time
from math import log

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from anodescope.campaign import build_node
from anodescope.errors import SettingsError
from anodescope.impedance import drt
from anodescope.impedance.lattice import Lattice
from anodescope.impedance.peaks.assignment import NO_LINK, assign, chains, pairs
from anodescope.impedance.peaks.track import (
    PeakSettings,
    interface_resistance,
    resistance_of,
    track_peaks,
)
from anodescope.impedance.peaks.tracking import Linking
from tests.generator import paper
from tests.impedance.peak_series import KINDS, random_series
from tests.impedance.statistics_identity import measure_identity
from tests.impedance.statistics_peaks import measure, table

LATTICE = Lattice(20, -160, 20)


def node(places, areas, width=0.2) -> xr.Dataset:
    """γ of Gaussians at log10 τ = places (S, C), of areas (Ω); NaN where absent."""
    places, areas = np.broadcast_arrays(np.asarray(places, float), np.asarray(areas, float))
    scale = width * log(10)
    z = (LATTICE.ln_tau - places[..., None] * log(10)) / scale
    bells = areas[..., None] * np.exp(-(z**2) / 2) / (np.sqrt(2 * np.pi) * scale)
    inside = np.ones((len(places), LATTICE.size), dtype=bool)
    gamma = np.nansum(bells, axis=1)
    return build_node("drt", {"tau": LATTICE.tau, "gamma": gamma, "in_window": inside})


def meeting(apart, ratio, widths, backwards) -> xr.Dataset:
    """Two Gaussians about 1e-4 s, the second of `ratio` times the area, so many decades apart."""
    half = np.asarray(apart)[:, None] / 2
    one, other = node(-4 - half, 100.0, widths[0]), node(-4 + half, 100.0 * ratio, widths[1])
    both = one.assign(gamma=one.gamma + other.gamma)
    return both.isel(spectrum=slice(None, None, -1)) if backwards else both


def present(peaks: xr.Dataset) -> list[list[int]]:
    """Rows of each track."""
    return [np.flatnonzero(np.isfinite(column)).tolist() for column in peaks.tau.values.T]


# laws


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["still", "drift", "birth", "death", "merge", "split"]), st.integers(0, 999))
def test_time_reversal_swaps_births_and_deaths(kind, seed):
    truth = random_series(np.random.default_rng(seed), kind).true_node()
    last = truth.sizes["spectrum"] - 1
    one = track_peaks(truth)
    other = track_peaks(truth.isel(spectrum=slice(None, None, -1)))
    ends = set(zip(one.birth.values.tolist(), one.death.values.tolist(), strict=True))
    back = {
        (last - d, last - b) for b, d in zip(other.birth.values, other.death.values, strict=True)
    }
    assert ends == back
    merged = (one.merged_into.values >= 0).sum(), (one.split_from.values >= 0).sum()
    assert merged == ((other.split_from.values >= 0).sum(), (other.merged_into.values >= 0).sum())
    summed = np.nansum(one.resistance.values, axis=1)
    assert np.allclose(np.nansum(other.resistance.values, axis=1)[::-1], summed)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 10**6), st.floats(0.05, 1))
def test_the_assignment_is_the_best_there_is(rows, columns, seed, density):
    generator = np.random.default_rng(seed)
    cost = generator.uniform(0, 5, (rows, columns))
    cost[generator.uniform(size=cost.shape) > density] = np.inf
    first, second = np.nonzero(np.ones(cost.shape))
    links = assign(first, second, cost[first, second])
    dense = np.where(np.isfinite(cost), cost, NO_LINK)
    best = dense[linear_sum_assignment(dense)]
    best = best[best < NO_LINK]
    assert len(set(links[0])) == len(set(links[1])) == links[0].size == best.size
    assert cost[links].sum() == pytest.approx(best.sum())


def test_pairs_and_chains():
    frame = np.array([0, 0, 1, 3, 3])
    first, second = pairs(frame, frame + 1, frame + 2)
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [
        (0, 2),
        (1, 2),
        (2, 3),
        (2, 4),
    ]
    assert chains(5, np.array([0, 2]), np.array([2, 4])).tolist() == [0, 1, 0, 2, 0]


# crossings, mergers


@pytest.mark.parametrize("speed", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("ratio", [0.4, 2.5])
def test_two_peaks_that_cross_keep_their_identity(speed, ratio):
    t = np.arange(-1.4, 1.4, speed)
    found = track_peaks(node(np.stack([-4 + 0 * t, -4 + t], 1), [100.0, 100.0 * ratio]))
    assert found.sizes["peak"] == 2
    tau, size = np.log10(found.tau.values), found.resistance.values
    still = int(abs(tau[0] + 4).argmin())
    moving = 1 - still
    assert tau[-1, still] == pytest.approx(-4, abs=0.05)
    assert tau[-1, moving] == pytest.approx(-4 + t[-1], abs=0.05)
    assert size[-1, still] == pytest.approx(100, rel=0.05)
    assert size[-1, moving] == pytest.approx(100 * ratio, rel=0.05)
    # Meanwhile there is one peak, and it holds both.
    both = np.isfinite(tau).sum(axis=1) == 1
    assert both.any()
    assert np.allclose(np.nansum(size, axis=1), 100 * (1 + ratio), rtol=1e-6)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("turn", [False, True])
@pytest.mark.parametrize(("ratio", "widths"), [(2.5, (0.2, 0.2)), (1.0, (0.12, 0.3))])
def test_area_or_shape_tells_what_passed_from_what_turned_back(ratio, widths, turn, backwards):
    t = np.arange(-1.4, 1.45, 0.05)
    apart = np.abs(t) if turn else t
    found = track_peaks(meeting(apart, ratio, widths, backwards))
    (met,) = found.attrs["meetings"]
    assert met["identity"] == "kept"
    assert met["rows"][0] < t.size // 2 < met["rows"][1]
    tau = np.log10(found.tau.values)
    assert found.sizes["peak"] == 2
    ends = apart[[0, -1]][::-1] if backwards else apart[[0, -1]]
    for column in tau.T:
        assert np.sign(column[0] + 4) * np.sign(column[-1] + 4) == np.sign(ends[0] * ends[1])


@pytest.mark.parametrize("turn", [False, True])
def test_twins_that_meet_are_not_identifiable_whether_they_turn_or_not(turn):
    t = np.arange(-1.4, 1.45, 0.05)
    found = track_peaks(meeting(np.abs(t) if turn else t, 1.0, (0.2, 0.2), False))
    (met,) = found.attrs["meetings"]
    assert met["identity"] == "not_identifiable"
    assert met["tracks"] == [0, 1]
    assert 0 <= met["log_odds"] < log(20)


def test_a_short_gap_is_a_meeting_too():
    # So fast that one of them lacks no more spectra than a track may lack.
    t = np.arange(-1.4, 1.45, 0.2)
    one, other = (track_peaks(meeting(apart, 2.5, (0.12, 0.12), False)) for apart in (t, np.abs(t)))
    for found, passed in ((one, True), (other, False)):
        assert np.isnan(found.tau.values).any(axis=1).sum() <= Linking().gap
        assert [met["identity"] for met in found.attrs["meetings"]] == ["kept"]
        ends = np.log10(found.tau.values[[0, -1]]) + 4
        assert np.all((ends[0] * ends[1] < 0) == passed)


def test_a_series_without_meetings_or_jumps_says_so():
    found = track_peaks(node([-6, -2], np.tile([100.0, 60.0], (9, 1))))
    assert found.attrs["meetings"] == found.attrs["leaps"] == []


@pytest.mark.parametrize(("distance", "told"), [(0.3, "kept"), (1.2, "not_identifiable")])
def test_a_leap_farther_than_two_peaks_need_may_be_another_process(distance, told):
    places, areas = np.full((20, 2), [-6.0, -2.6]), np.tile([100.0, 300.0], (20, 1))
    places[10:, 1] += distance
    areas[10:] *= 0.5
    found = track_peaks(node(places, areas))
    assert present(found) == [[*range(20)]] * 2
    assert [leap["identity"] for leap in found.attrs["leaps"]] == ["kept", told]
    assert [leap["rows"] for leap in found.attrs["leaps"]] == [[9, 10]] * 2
    assert found.attrs["leaps"][1]["decades"] == pytest.approx(distance, abs=0.01)


def test_a_leap_to_another_shape_may_be_another_process():
    narrow, wide = (node(np.full((10, 1), -3.0), 100.0, width=w) for w in (0.15, 0.5))
    found = track_peaks(xr.concat([narrow, wide], "spectrum"))
    (leap,) = found.attrs["leaps"]
    assert leap["shape"] == pytest.approx(log(0.15 / 0.5), abs=0.02)
    assert leap["identity"] == "not_identifiable"


def test_a_merger_and_a_split_are_said():
    t = np.linspace(0, 1, 30)
    slow = np.where(t < 0.7, -1.5 - 2 * t / 0.7, -3.5)
    found = track_peaks(node(np.stack([-6 + 0 * t, -3.5 + 0 * t, slow], 1), [100, 80, 120]))
    assert found.sizes["peak"] == 3
    lost = int(np.flatnonzero(found.merged_into.values >= 0)[0])
    heir = int(found.merged_into.values[lost])
    assert found.split_from.values.tolist() == [-1, -1, -1]
    assert heir != 0
    assert int(found.death[lost]) < 21
    assert found.resistance.values[-1, heir] == pytest.approx(200, rel=0.01)


def test_a_peak_that_fades_merged_with_nobody():
    fading = np.stack([np.full(30, 100.0), 80 * np.exp(-np.arange(30) / 4.0)], 1)
    found = track_peaks(node([-6, -3], fading))
    assert found.merged_into.values.tolist() == [-1, -1]
    # It is seen down to a thousandth of the largest γ.
    assert np.nanmin(found.resistance.values[:, 1]) == pytest.approx(0.1, rel=0.3)


# gaps, ripples, jumps


@pytest.mark.parametrize(("missing", "tracks"), [(1, 2), (3, 2), (4, 3)])
def test_a_peak_may_be_missed_a_few_times(missing, tracks):
    areas = np.tile([100.0, 60.0], (20, 1))
    areas[8 : 8 + missing, 1] = np.nan
    found = track_peaks(node([-6, -2], areas))
    assert found.sizes["peak"] == tracks
    assert not set(range(8, 8 + missing)) & set(present(found)[1])


def test_ripples_make_no_tracks():
    generator = np.random.default_rng(4)
    places = np.stack([np.full(60, -6.0), np.full(60, -1.0), generator.uniform(-4.5, -2.5, 60)], 1)
    areas = np.tile([100.0, 150.0, 5.0], (60, 1))
    areas[generator.uniform(size=60) < 0.5, 2] = np.nan
    # A residual of 0.3 % on 100 Ω is 0.3 Ω; five of that are seen, twenty make it a peak.
    noise = {"noise": ("spectrum", np.full(60, 0.003))}
    assert present(track_peaks(node(places, areas).assign(noise))) == [[*range(60)]] * 2
    # What stays in its place and is larger is one.
    places[:, 2], areas[:, 2] = -3.5, 10.0
    assert present(track_peaks(node(places, areas).assign(noise))) == [[*range(60)]] * 3


def test_a_short_circuit_ends_every_track_and_smears_none():
    made = paper.ccd(seed=4, noise=0.003, short="hard")
    found = track_peaks(made.campaign.with_node("drt", drt(made.campaign)))
    start = made.campaign["spectra"].time_start.values
    first = int(np.searchsorted(start, made.truth["short_time"]))
    assert found.name.values.tolist() == ["γ_GB", "γ_int"]
    assert np.all(np.abs(found.death.values - first) <= 1)
    assert np.all(found.merged_into.values == -1)
    assert np.nanmin(resistance_of(found, "γ_GB")) > 160


def test_a_scan_and_its_rest():
    made = paper.sgeis(seed=1, noise=0.003, rest=7200.0)
    campaign = made.campaign.with_node("drt", drt(made.campaign))
    found = track_peaks(campaign)
    assert found.name.values.tolist() == ["γ_GB", "γ_int", "γ'_int"]
    levels = made.truth["levels"].size
    assert int(found.death[2]) == levels - 1
    # The knee (k = 1.5) comes first, then the new peak.
    onset = made.truth["levels"][int(found.birth[2])]
    assert made.truth["knee"][1.5] * 0.8 < onset < made.truth["knee"][4] * 1.2
    tau = found.tau.values[:, 1]
    assert np.isfinite(tau).all()
    assert tau[levels] > 2.5 * tau[levels - 1]
    assert resistance_of(found, "γ_GB") == pytest.approx(180, rel=0.1)
    # γ_int lies at the window's end here; together the two hold what the cell has.
    ratio = interface_resistance(found)[:levels] / made.truth["r_int"]
    assert np.median(np.abs(ratio - 1)) < 0.1


def test_a_jump_keeps_what_stays_and_follows_what_leaps():
    places = np.full((20, 3), [-6.0, -2.6, -3.6])
    areas = np.tile([100.0, 400.0, 200.0], (20, 1))
    places[10:, 1], areas[10:, 1], areas[10:, 2] = -1.4, 200.0, np.nan
    found = track_peaks(node(places, areas))
    assert present(found) == [[*range(20)], [*range(10)], [*range(20)]]
    strict = PeakSettings(linking=Linking(jump_gate=0.5))
    assert track_peaks(node(places, areas), settings=strict).sizes["peak"] == 4


@pytest.mark.parametrize(("rows", "tracks"), [(1, 2), (2, 1), (4, 1), (5, 1)])
def test_a_track_needs_confirmation(rows, tracks):
    areas = np.tile([100.0, 60.0], (rows + 4 if rows > 1 else 1, 1))
    areas[1:, 1] = np.nan
    if rows == 1:
        areas = areas[:1]
    assert track_peaks(node([-6, -2], areas)).sizes["peak"] == tracks


def test_settings_are_checked():
    with pytest.raises(SettingsError, match=r"gate.*-0.1"):
        Linking(gate=-0.1)
    with pytest.raises(SettingsError, match="area_gate"):
        Linking(area_gate=0.5)
    assert [Linking().confirmation(n) for n in (1, 2, 3, 4, 5, 9)] == [1, 1, 2, 2, 3, 3]


def test_thousands_of_spectra_take_a_second_or_two():
    generator = np.random.default_rng(0)
    wobble = generator.normal(0, 0.02, (5000, 4))
    ripples = generator.uniform(-8, 1, (5000, 2))
    places = np.concatenate([np.array([-6, -4, -2, -0.5]) + wobble, ripples], axis=1)
    drt_node = node(places, np.tile([100, 50, 80, 150, 5, 5.0], (5000, 1)))
    assert drt_node.gamma.shape == (5000, 181)
    track_peaks(drt_node.isel(spectrum=slice(10)))
    begin = time.process_time()
    found = track_peaks(drt_node)
    assert time.process_time() - begin < 5
    assert sorted(len(rows) for rows in present(found))[-4:] == [5000] * 4


@pytest.mark.slow
def test_identities_that_are_called_told_are_wrong_less_than_once_in_twenty():
    counts = measure_identity(60, 0.003, ("pass", "turn"), seed=31)
    kept, swapped = (sum(count[name] for count in counts.values()) for name in ("kept", "swapped"))
    assert kept >= 60, counts
    assert swapped <= (kept + swapped) / 20, counts


@pytest.mark.slow
def test_statistics_on_random_series():
    true = measure(200, None, KINDS)
    fitted = measure(200, 0.003, ("single", "birth", "cross", "jump"))
    shown = table(true, "true γ") + "\n" + table(fitted, "drttools")
    for score in true.values():
        # Nothing is invented where there is no noise, and τ is better than a lattice step (0.1).
        assert score.spurious == score.extra == 0, shown
        assert np.percentile(score.tau, 95) < 0.1, shown
        assert score.missed <= 0.1 * score.true, shown
        assert score.pure >= 0.85 * score.paths, shown
        assert not score.events or score.found >= 0.85 * score.events, shown
    for score in fitted.values():
        assert score.pure >= 0.85 * score.paths, shown
        assert score.spurious <= 0.1 * score.true, shown
        assert np.median(score.area) < 0.05, shown
