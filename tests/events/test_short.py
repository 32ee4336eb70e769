"""Short circuits: told apart, in time, and not where there are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope import read
from anodescope.campaign import Campaign, build_node
from anodescope.errors import Outcome, SettingsError
from anodescope.events.ccd import find_critical_current
from anodescope.events.finding import Finding, Record
from anodescope.events.short.find import ShortSettings, find_shorts
from anodescope.events.short.jumps import find_jumps
from tests.events import statistics_short
from tests.events.shorts import QUIET, SHORTS, outcome_of, shorts_of
from tests.generator import Made, paper, perturb


@pytest.mark.parametrize("kind", ["hard", "soft", "reversible"])
@pytest.mark.parametrize("geis", [False, True])
def test_each_kind_is_told_and_its_time_lies_between_its_bounds(kind: str, geis: bool) -> None:
    made = paper.ccd((0.1, 0.2), half_cycle=1200.0, short=kind, geis=geis, voltage_noise=1e-4)
    (one,) = shorts_of(made)
    assert one.quantity == f"{kind}_short"
    assert one.event == one.quantity
    assert one.low <= made.truth["short_time"] <= one.high
    assert one.outcome is Outcome.determined
    assert one.block == 0


@pytest.mark.parametrize("kind", ["hard", "soft", "reversible"])
def test_the_impedance_is_a_basis_of_its_own_and_both_together_another(kind: str) -> None:
    made = paper.ccd((0.1, 0.2), half_cycle=1200.0, short=kind, noise=1e-3)
    swept = shorts_of(made, "impedance")[0]
    both = shorts_of(made, "voltage and impedance")[0]
    assert swept.low <= made.truth["short_time"] <= swept.high
    assert both.low <= made.truth["short_time"] <= both.high
    # A wire is left: no doubt. All of the impedance shrinks alike: a larger contact would too.
    assert (swept.outcome is Outcome.determined) == (kind == "hard")


@pytest.mark.parametrize("name", QUIET)
def test_no_short_circuit_is_found_where_there_is_none(name: str) -> None:
    made = QUIET[name]()
    for basis in ("voltage", "impedance", "voltage and impedance"):
        assert shorts_of(made, basis) == []
    noisy = perturb.noise(made, 2e-3)
    assert shorts_of(noisy) == []


def test_range_glitches_are_no_short_circuits() -> None:
    made = paper.ccd((0.1, 0.2), half_cycle=1200.0, short=None, geis=False, interval=2.0)
    assert shorts_of(perturb.glitch_ranges(made, 12)) == []


def test_the_end_of_a_test_is_no_short_circuit() -> None:
    """The current stops in the middle of a half-cycle, and the voltage with it."""
    made = paper.ccd((0.1, 0.2), half_cycle=1200.0, short=None, geis=False)
    series = made.campaign["timeseries"].copy(deep=True)
    off = series["time"].values > 1.5 * 1200.0
    for name in ("voltage", "current"):
        series[name].values[off] = 0.0
    ended = Made(made.campaign.with_node("timeseries", series), made.protocol, {})
    assert shorts_of(ended) == []
    # A voltage that vanishes while the current goes on is one.
    series["current"].values[:] = made.campaign["timeseries"]["current"].values
    shorted = Made(made.campaign.with_node("timeseries", series), made.protocol, {})
    (one,) = shorts_of(shorted)
    assert one.quantity == "hard_short"


def test_a_straight_fall_to_the_ohmic_part_is_no_short_circuit() -> None:
    """Plating lets the interface vanish: the voltage falls by three quarters, in an hour."""
    time = np.arange(0.0, 3600.0, 2.0)
    volts = 0.02 * (1 - 0.75 * time / 3600.0)
    assert shorts_of(_made(time, volts, np.full(time.size, 1e-4))) == []


@pytest.mark.parametrize("fall", [0.0, 5.0, 30.0])
def test_an_abrupt_fall_is_one_whatever_the_sampling(fall: float) -> None:
    for spacing in (0.1, 1.0, 10.0):
        time = np.arange(0.0, 2000.0, spacing)
        down = np.clip((time - 1000.0) / max(fall, 1e-9), 0.0, 1.0)
        volts = 0.05 * (1 - 0.95 * down)
        (one,) = shorts_of(_made(time, volts, np.full(time.size, 1e-4)))
        assert one.quantity == "hard_short"
        assert one.low <= 1000.0 + fall
        assert one.high >= 1000.0
        assert one.high - one.low <= fall + 3 * spacing + 3.0


def test_a_spike_is_no_short_circuit_and_no_hiding_place_for_one() -> None:
    time = np.arange(0.0, 2000.0, 1.0)
    volts = np.where((time > 900) & (time < 940), 0.3, 0.05)
    current = np.full(time.size, 1e-4)
    assert shorts_of(_made(time, volts, current)) == []
    volts = np.where(time >= 940, 0.002, volts)
    (one,) = shorts_of(_made(time, volts, current))
    assert one.quantity == "hard_short"
    assert one.low <= 940.0 <= one.high


def test_a_voltage_that_comes_and_goes_is_one_soft_short_circuit() -> None:
    time = np.arange(0.0, 4000.0, 1.0)
    shorted = (time > 1000) & ((time // 100) % 3 == 0)
    (one,) = shorts_of(_made(time, np.where(shorted, 0.02, 0.1), np.full(time.size, 1e-4)))
    assert one.quantity == "soft_short"
    assert "come and go" in one.message


def test_a_stretch_that_begins_shorted_is_compared_with_smaller_currents() -> None:
    """The short circuit comes during the pause between two half-cycles."""
    made = paper.cycling(cycles=4, pause=60.0)
    series = made.campaign["timeseries"].copy(deep=True)
    start = 5 * (1800.0 + 60.0) - 30.0
    series["voltage"].values[series["time"].values > start] *= 0.01
    (one,) = shorts_of(Made(made.campaign.with_node("timeseries", series), made.protocol, {}))
    assert one.quantity == "hard_short"
    assert one.low <= start <= one.high


def test_a_cell_with_an_open_circuit_voltage_has_none(potentiostat: Path) -> None:
    record = Record.of(read(potentiostat / "hybrid-drt" / "CP_SSB.mpr"))
    found = find_shorts(record)
    assert outcome_of(found, "voltage") is Outcome.not_found
    assert outcome_of(found, "impedance") is Outcome.needs_spectra


def test_the_soft_short_circuits_of_a_real_cell_are_found(potentiostat: Path) -> None:
    """Li|Li in a liquid: from 91 to 102 ks the voltage switches between 0.03 and 0.12 V.

    Spikes before (to 0.66 V at 2.9 ks) are none. The sweeps (500 to 0.8 Hz, no current) cannot
    tell a path beside the electrolyte from a change of the interface, and say so.
    """
    findings = find_shorts(Record.of(read(potentiostat / "insitu-datalab")))
    (seen,) = [one for one in findings if one.basis == "voltage" and one.quantity in SHORTS]
    assert seen.quantity == "soft_short"
    assert 90e3 < seen.time < 94e3
    swept = [one for one in findings if one.basis == "impedance"]
    assert swept
    assert all(one.outcome is Outcome.not_decidable for one in swept)


def test_amounts_go_with_the_short_circuit_in_the_voltage() -> None:
    made = paper.ccd((0.1, 0.2), half_cycle=1200.0, short="hard", geis=False)
    findings = find_shorts(Record.of(made.campaign, made.protocol))
    current = next(one for one in findings if one.quantity == "short_current")
    charge = next(one for one in findings if one.quantity == "short_charge")
    assert current.value == pytest.approx(-0.2e-3 * 0.385)
    assert charge.low <= 0.3 * 1200.0 * 0.2e-3 * 0.385 <= charge.high


def test_what_is_missing_gives_an_outcome_each() -> None:
    made = paper.ccd((0.1, 0.2), half_cycle=600.0, short="hard")
    nodes = {name: made.campaign[name] for name in made.campaign.nodes}
    attrs = made.campaign.attrs

    def found(**changed: xr.Dataset | None) -> list[Finding]:
        held = {**nodes, **changed}
        return find_shorts(
            Record.of(Campaign({k: v for k, v in held.items() if v is not None}, attrs))
        )

    series = nodes["timeseries"]
    assert outcome_of(found(spectra=None), "impedance") is Outcome.needs_spectra
    assert outcome_of(found(timeseries=None), "voltage") is Outcome.too_few_points
    bare = found(timeseries=series.drop_vars("current"), steps=None)
    assert outcome_of(bare, "voltage") is Outcome.needs_current
    resting = series.copy(deep=True)
    resting["current"].values[:] = 0.0
    assert outcome_of(found(timeseries=resting), "voltage") is Outcome.not_decidable
    one = series.isel(time=slice(0, 1))
    assert outcome_of(found(timeseries=one, spectra=None), "impedance") is Outcome.needs_spectra
    # Without a protocol the measured current alone gives the stretches.
    assert next(one.quantity for one in found() if one.basis == "voltage") == "hard_short"
    empty = find_shorts(Record.of(Campaign()))
    assert {one.outcome for one in empty} == {Outcome.too_few_points, Outcome.needs_spectra}


@pytest.mark.parametrize(
    ("count", "outcome"),
    [(1, Outcome.too_few_points), (2, Outcome.too_few_points), (7, Outcome.too_few_points),
     (8, Outcome.not_found), (50, Outcome.not_found)],
)  # fmt: skip
def test_a_record_too_short_to_show_a_fall_says_so(count: int, outcome: Outcome) -> None:
    """A constant 0.1 V: a fall needs five samples of a level, and three of another."""
    made = paper.constant_current(0.25, 7200.0, interval=2.0)
    series = made.campaign["timeseries"].isel(time=slice(0, count)).copy(deep=True)
    series["voltage"].values[:] = 0.1
    record = Record.of(Campaign({"timeseries": series}), made.protocol)
    (one,) = [one for one in find_shorts(record) if one.basis == "voltage"]
    assert one.outcome is outcome
    assert ("8 samples" in one.message) is (count < 8)
    critical = find_critical_current(record)[0]
    assert (critical.outcome is Outcome.not_decidable) is (count < 8)


def test_nan_does_no_harm() -> None:
    made = paper.ccd((0.1, 0.2), half_cycle=1200.0, short="hard", geis=False, interval=2.0)
    series = made.campaign["timeseries"].copy(deep=True)
    series["voltage"].values[::7] = np.nan
    series["current"].values[::5] = np.nan
    (one,) = shorts_of(Made(made.campaign.with_node("timeseries", series), made.protocol, {}))
    assert one.low <= made.truth["short_time"] <= one.high


def test_without_a_recorded_current_a_fall_that_stays_is_in_doubt() -> None:
    time = np.arange(0.0, 2000.0, 1.0)
    steps = build_node("steps", {"technique": ["GCPL"], "time_start": [0.0], "time_end": [2000.0]})

    def found(volts: np.ndarray) -> Finding:
        series = build_node("timeseries", {"time": time, "voltage": volts})
        findings = find_shorts(Record.of(Campaign({"timeseries": series, "steps": steps})))
        return next(one for one in findings if one.basis == "voltage")

    gone = found(np.where(time > 1000, 0.0, 0.1))
    assert gone.quantity == "hard_short"
    assert gone.outcome is Outcome.not_decidable
    assert "end of the test" in gone.message
    back = found(np.where((time > 1000) & (time < 1200), 0.0, 0.1))
    assert back.quantity == "reversible_short"
    assert back.outcome is Outcome.determined


def test_a_path_beside_the_electrolyte_is_told_from_another_interface() -> None:
    """1/Z' − 1/Z is one real number for a path, and none at high frequency for an interface."""
    frequency = np.logspace(6, 0, 40)

    def cell(interface: float) -> np.ndarray:
        return (
            50
            + 200 / (1 + 2j * np.pi * frequency * 1e-6)
            + interface / (1 + 2j * np.pi * frequency * 1e-3)
        )

    healthy = cell(400.0)
    path = 1 / (1 / healthy + 1 / 300.0)
    wire = np.full(40, 0.5) + 2j * np.pi * frequency * 1e-8

    def found(*sweeps: np.ndarray) -> list[tuple[str, Outcome]]:
        made = _swept(frequency, sweeps)
        return [(one.quantity, one.outcome) for one in shorts_of(made, "impedance")]

    assert found(healthy, cell(20.0)) == []
    assert found(healthy, path) == [("soft_short", Outcome.determined)]
    assert found(healthy, path, healthy) == [("reversible_short", Outcome.determined)]
    assert found(healthy, wire) == [("hard_short", Outcome.determined)]
    # Twice the contact area: everything shrinks, but 1/Z grows in proportion.
    assert found(healthy, healthy / 2) == [("soft_short", Outcome.not_decidable)]


def test_impedance_at_open_circuit_has_no_current_that_can_short(potentiostat: Path) -> None:
    found = find_shorts(Record.of(read(potentiostat / "yadg" / "peis.mpr")))
    assert [one.quantity for one in found] == ["short", "short"]
    assert outcome_of(found, "voltage") is Outcome.not_decidable


@settings(max_examples=30, deadline=None)
@given(
    scale=st.floats(1e-3, 1e3),
    shift=st.integers(20, 80),
    seed=st.integers(0, 2**32 - 1),
)
def test_jumps_do_not_depend_on_the_unit(scale: float, shift: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    series = np.where(np.arange(100) < shift, 1.0, 0.3) + 0.01 * random.standard_normal(100)
    time, edges = np.arange(100.0), np.array([0, 100])
    jumps, _ = find_jumps(time, scale * series, edges, share=0.3, noise=6.0, longest=60.0)
    inside = 5 <= shift <= 97
    assert jumps.low.tolist() == ([shift] if inside else [])
    if inside:
        # Noise may make the last good sample look like the beginning of the fall.
        assert shift - 3 <= jumps.good[0] <= shift - 1
        assert jumps.before[0] == pytest.approx(scale, rel=0.05)
        assert jumps.after[0] == pytest.approx(0.3 * scale, rel=0.1)


@pytest.mark.parametrize(
    "wrong", [{"drop": 0.0}, {"hard": 1.5}, {"noise": -1.0}, {"hard": 0.8}, {"recovered": 0.1}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="Short circuits"):
        ShortSettings(**wrong)


@pytest.mark.slow
def test_statistics_of_free_cells() -> None:
    rows = statistics_short.free(200)
    for kind, right in {"hard": 0.9, "soft": 0.9, "reversible": 0.85}.items():
        assert rows[kind].right >= right
        assert rows[kind].covered / rows[kind].found >= 0.85
    for kind in ("none", "end of test", "glitches"):
        assert rows[kind].alarms <= 0.05


@pytest.mark.slow
def test_statistics_of_the_papers_ccd() -> None:
    voltage, impedance, _, contained = statistics_short.papers(200)
    for table in (voltage, impedance):
        for kind in ("hard", "soft", "reversible"):
            assert table[kind].covered / table[kind].found >= 0.85
        assert table["none"].alarms <= 0.05
    assert contained >= 0.9


@pytest.mark.slow
def test_statistics_of_cells_with_a_voltage_at_rest() -> None:
    rows, _ = statistics_short.resting(60, 11)
    assert rows["none"].alarms == 0
    assert rows["hard"].right >= 0.95
    for kind in ("hard", "soft", "reversible"):
        assert rows[kind].covered >= 0.95 * rows[kind].found
        assert rows[kind].found - rows[kind].said[kind] <= 0.1 * rows[kind].cases


@pytest.mark.slow
def test_statistics_of_sweeps() -> None:
    table = statistics_short.swept(200)
    assert table["wire"]["hard"] >= 0.95 * 200
    assert table["path"]["nothing"] <= 0.15 * 200
    for change in ("interface", "none"):
        assert table[change]["nothing"] >= 0.95 * 200
    # A larger contact is never taken for a short circuit without saying so.
    assert table["area"]["soft"] + table["area"]["hard"] <= 0.05 * 200


def _made(time: np.ndarray, volts: np.ndarray, current: np.ndarray) -> Made:
    noise = 1e-4 * np.random.default_rng(0).standard_normal(time.size)
    series = build_node("timeseries", {"time": time, "voltage": volts + noise, "current": current})
    protocol = build_node(
        "protocol",
        {"time_start": [time[0]], "time_end": [time[-1]], "mode": ["current"],
         "current": [current[0]], "block": [0], "level": [0], "kind": ["constant_current"],
         "confidence": [1.0], "count": [1]},
    )  # fmt: skip
    return Made(Campaign({"timeseries": series}), protocol, {})


def _swept(frequency: np.ndarray, sweeps: tuple[np.ndarray, ...]) -> Made:
    count, size = len(sweeps), frequency.size
    time = np.arange(count * size, dtype=float).reshape(count, size)
    random = np.random.default_rng(1)
    white = 1 + 1e-3 * (
        random.standard_normal((count, size)) + 1j * random.standard_normal((count, size))
    )
    spectra = build_node(
        "spectra",
        {"impedance": np.stack(sweeps) * white, "frequency": np.tile(frequency, (count, 1)),
         "time": time, "valid": np.ones((count, size), bool), "grid": np.zeros(count, int),
         "time_start": time[:, 0], "time_end": time[:, -1], "electrode": ["cell"] * count},
    )  # fmt: skip
    return Made(Campaign({"spectra": spectra}), xr.Dataset(), {})
