"""Sweeps, stretches and voltages of campaigns whose arcs and currents are written down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from anodescope import simulate
from anodescope.cell import Cell
from anodescope.errors import Outcome, SettingsError
from anodescope.inference.experiments import experiments
from anodescope.inference.observations.reading import (
    BORDER,
    capacity_of,
    charge_between,
    findings_of,
    maxima,
    record_of,
    relative_spread,
    series_options,
    share_mean,
    shorts_of,
    stretches,
    sweeps_of,
    voltages,
)
from anodescope.inference.observations.rows import rows
from anodescope.inference.observations.sweeps import SHARE, _Gamma, spread
from anodescope.inference.quick import POLISH, Stand
from anodescope.workflow.analyse import analyse
from tests.generator import paper
from tests.generator.impedance import PHI_GB, R_GB, R_SERIES, TAU_GB, Arcs
from tests.generator.record import AREA, Record, steady

DECADES = np.linspace(-8.0, 0.0, 161)


def read(arcs, currents=(0.0,)):
    """Analyse one sweep per current (mA/cm²), each of its own arcs."""
    made = Record(noise=1e-4)
    made.block("staircase_geis", "SGEIS")
    for current, one in zip(currents, arcs, strict=True):
        made.level(sequence=True)
        amps = current * 1e-3 * made.area
        made.hold(amps, 5.0, steady(0.1), 0.5)
        made.sweep(amps, 35.0, steady(0.1), one)
    return analyse(made.made().campaign, method="drttools")


def two(r_int, tau_int, phi=0.95):
    return Arcs(R_SERIES, {"b": (R_GB, TAU_GB, PHI_GB), "i": (r_int, tau_int, phi)})


def test_areas_are_the_resistances_of_the_arcs():
    sweeps = sweeps_of(read([two(120.0, 1e-3), two(240.0, 1e-3)], (0.1, 0.2)))
    # the DRT of the paper (λ = 1e-3) puts some per cent of an arc of 180 Ω beyond the border
    assert sweeps.interface == pytest.approx(AREA * np.array([120.0, 240.0]), rel=0.08)
    assert sweeps.boundary == pytest.approx(AREA * R_GB, rel=0.05)
    assert sweeps.series == pytest.approx(AREA * R_SERIES, rel=0.1)
    total = sweeps.boundary + sweeps.interface
    assert np.diff(total)[0] == pytest.approx(AREA * 120.0, rel=0.02)
    assert sweeps.current == pytest.approx([0.1, 0.2], abs=1e-4)  # noise of the current: 2e-4
    assert sweeps.complete.all()


def test_maxima_lie_where_the_arcs_are():
    sweeps = sweeps_of(read([two(120.0, 1e-3), two(120.0, 5e-3)], (0.1, 0.2)))
    assert sweeps.boundary_top == pytest.approx(np.log10(TAU_GB), abs=0.05)
    assert sweeps.top == pytest.approx(np.log10([1e-3, 5e-3]), abs=0.05)
    assert sweeps.inside_top == pytest.approx(sweeps.top)
    assert not sweeps.beyond.any()


def test_an_arc_beyond_the_window_is_told_so():
    sweeps = sweeps_of(read([two(120.0, 0.1)]))
    assert sweeps.beyond[0]
    assert np.isnan(sweeps.inside_top[0])
    assert sweeps.inside[0] < 0.3 * sweeps.interface[0]


def test_one_arc_has_no_second_peak_and_two_have_the_faster_one():
    prime = Arcs(R_SERIES, {**two(120.0, 2e-2).arcs, "p": (60.0, 4e-4, 0.95)})
    lone = Arcs(R_SERIES, {"b": (R_GB, TAU_GB, PHI_GB)})
    sweeps = sweeps_of(read([two(120.0, 2e-2), prime, lone], (0.1, 0.2, 0.3)))
    assert np.isnan(sweeps.second[[0, 2]]).all()
    assert sweeps.second[1] == pytest.approx(np.log10(4e-4), abs=0.1)
    assert 0.0 < sweeps.second_height[1] < sweeps.height[1]


def test_a_broader_arc_is_wider():
    sweeps = sweeps_of(read([two(120.0, 1e-3, 0.98), two(120.0, 1e-3, 0.8)], (0.1, 0.2)))
    assert sweeps.width[1] > sweeps.width[0]


@given(st.floats(-6.5, -1.5), st.floats(0.1, 0.5), st.floats(0.1, 1e4))
def test_the_maximum_and_width_of_a_gaussian(place, width, height):
    values = height * np.exp(-0.5 * ((DECADES - place) / width) ** 2)
    places, sizes = maxima(DECADES, values)
    assert places.size == 1
    # a parabola on a lattice of 0.05 decades
    assert places[0] == pytest.approx(place, abs=0.005)
    assert sizes[0] == pytest.approx(height, rel=0.01)
    if -8.0 + 5.0 * width < place < -5.0 * width:
        assert spread(DECADES, values, float(places[0])) == pytest.approx(width, rel=0.01)


def test_the_width_ends_in_the_valleys():
    one = np.exp(-0.5 * ((DECADES + 3.0) / 0.2) ** 2)
    other = 0.5 * np.exp(-0.5 * ((DECADES + 1.0) / 0.2) ** 2)
    assert spread(DECADES, one + other, -3.0) == pytest.approx(0.2, rel=0.02)
    assert np.isnan(spread(DECADES, one, float("nan")))


def test_ends_and_flat_curves_have_no_maximum():
    assert not maxima(DECADES, DECADES + 9.0)[0].size
    assert not maxima(DECADES, np.zeros(DECADES.size))[0].size
    assert not maxima(DECADES[:2], np.ones(2))[0].size


def test_half_cycles_are_stretches_of_one_current():
    made = paper.ccd((0.1, 0.2), half_cycle=350.0, short=None, rising_from=1.0)
    record = record_of(analyse(made.campaign, method="drttools"))
    found = stretches(record)
    assert [one.current for one in found] == pytest.approx([0.1, -0.1, 0.2, -0.2], abs=1e-4)
    # boundaries are known to a sample of the sweep
    assert [one.start for one in found] == pytest.approx([0.0, 350.0, 700.0, 1050.0], abs=2.0)
    charge = charge_between(record, found[2].start, found[2].end)
    assert charge == pytest.approx(0.2 * 350.0 / 3600.0, rel=0.01)


def test_a_short_is_found_in_its_half_cycle():
    made = paper.ccd((0.1, 0.2), half_cycle=1050.0)
    shorts = shorts_of(analyse(made.campaign, method="drttools"))
    assert shorts[0].quantity == "hard_short"
    assert shorts[0].low <= made.truth["short_time"] <= shorts[0].high


def test_series_resistance_is_added_to_the_voltage():
    made = Record(voltage_noise=0.0, current_noise=0.0)
    made.block("constant_current", "CP")
    made.level()
    made.hold(-1e-3 * made.area, 100.0, steady(-0.2), 1.0)
    record = record_of(analyse(made.made().campaign))
    time, plain = voltages(record, 0.0, 100.0)
    _, more = voltages(record, 0.0, 100.0, 300.0)
    assert plain == pytest.approx(0.2)
    assert more == pytest.approx(0.5)
    assert share_mean(time, plain, (0.0, 100.0), (0.9, 1.0)) == pytest.approx(0.2)
    assert np.isnan(share_mean(time, plain, (200.0, 300.0), (0.0, 1.0)))


def test_options_of_the_series_resistance_end_at_what_they_say():
    campaign = read([two(120.0, 1e-3)])
    own = sweeps_of(campaign)
    for name, more in series_options(campaign):
        assert f"{own.series[0] + own.boundary[0] + more:.0f} Ω·cm²" in name
    assert not series_options(analyse(paper.constant_current(0.25, 600.0).campaign))


def test_a_capacity_is_the_charge_to_the_limit_or_a_bound():
    reached = paper.constant_current(0.25, 7200.0, capacity=0.4)
    found = capacity_of(analyse(reached.campaign))
    assert found.outcome is Outcome.determined
    assert found.value == pytest.approx(0.4, rel=0.02)  # samples each 5 s of 5760 s
    bound = analyse(paper.constant_current(0.25, 3600.0).campaign)
    found = capacity_of(bound)
    assert found.outcome is Outcome.censored
    assert found.value == pytest.approx(0.25, rel=0.02)
    assert findings_of(bound, "no such quantity") == []
    assert capacity_of(read([two(120.0, 1e-3)])).outcome is Outcome.not_decidable


def test_nothing_is_told_without_an_area():
    campaign = read([two(120.0, 1e-3)])
    bare = campaign.with_attrs(specimen={})
    with pytest.raises(SettingsError, match="area"):
        sweeps_of(bare)


def test_a_campaign_without_spectra_has_no_sweeps():
    sweeps = sweeps_of(analyse(paper.constant_current(0.25, 600.0).campaign))
    assert sweeps.size == 0
    assert sweeps.first() == sweeps.last() == -1


def test_the_spread_is_relative_to_the_mean():
    assert relative_spread(np.array([0.9, 1.0, 1.1, np.nan])) == pytest.approx(0.1)
    assert np.isnan(relative_spread(np.array([np.nan])))


def test_the_interface_begins_half_a_decade_before_its_fastest_published_time() -> None:
    row = rows()["O6.second_time"]
    assert np.log10(BORDER) == pytest.approx(row.low - row.slack)


def test_an_arc_at_the_fastest_published_time_is_the_interface_s_and_whole() -> None:
    fast, none = (sweeps_of(read([two(r_int, 1e-4)])) for r_int in (120.0, 1e-6))
    assert fast.top[0] == pytest.approx(-4.0, abs=0.05)
    tau = np.logspace(-12.0, 4.0, 3201)
    gamma = two(120.0, 1e-4).gamma(tau) - two(1e-6, 1e-4).gamma(tau)
    slow = tau > BORDER
    beyond = np.trapezoid(gamma[slow], np.log(tau[slow]))
    assert beyond > 0.9 * 120.0
    # the DRT of the paper (λ = 1e-3) broadens the arc: as for areas above, some per cent
    assert fast.interface[0] - none.interface[0] == pytest.approx(AREA * beyond, rel=0.08)


def test_a_lone_grain_boundary_leaves_nothing_beyond_the_border() -> None:
    """Its side lobes at λ = 1e-3 are no interface: no area of 1 % and no peak of 1 %."""
    alone = Arcs(R_SERIES, {"b": (R_GB, TAU_GB, PHI_GB)})
    sweeps = sweeps_of(read([alone]))
    assert sweeps.interface[0] < 0.01 * sweeps.boundary[0]
    assert not sweeps.height[0] > 0.01 * AREA * R_GB


def test_the_share_is_one_of_the_largest_maximum_of_all_gamma() -> None:
    """A second peak is told by its height against γ_GB too, where that is the largest."""
    decades = np.linspace(-8.0, 1.0, 901)
    for second, there in ((0.12, True), (0.08, False)):
        curve = sum(
            height * np.exp(-(((decades - place) / 0.2) ** 2))
            for place, height in ((-6.0, 1.0), (-3.5, second), (-1.0, 0.5))
        )
        whole = np.ones((1, decades.size), np.bool_)
        gamma = _Gamma(decades, curve[None], whole, np.zeros(1), np.zeros(1), np.ones(1, np.bool_))
        place, _, beyond, size = gamma.seconds(SHARE)
        assert np.isfinite(place[0]) == there
        if there:
            assert place[0] == pytest.approx(-3.5, abs=0.01)
            assert beyond[0] == pytest.approx(-1.0, abs=0.01)
            assert size[0] == pytest.approx(0.5, rel=0.01)


@given(st.floats(-4.2, -2.2), st.floats(0.8, 1.5), st.floats(0.2, 5.0), st.floats(0.2, 5.0))
def test_no_peak_is_both(place, apart, first, second) -> None:
    """γ'_int is the faster and γ_int the slower one, whichever is the larger."""
    assume(min(first, second) > 1.05 * SHARE * max(first, second))
    at = (place, place + apart)
    curve = sum(
        height * np.exp(-(((DECADES - where) / 0.15) ** 2))
        for where, height in zip(at, (first, second), strict=True)
    )
    whole = np.ones((1, DECADES.size), np.bool_)
    gamma = _Gamma(DECADES, curve[None], whole, np.zeros(1), np.zeros(1), np.ones(1, np.bool_))
    fast, _, slow, size = gamma.seconds(SHARE)
    assert fast[0] == pytest.approx(at[0], abs=0.02)
    assert slow[0] == pytest.approx(at[1], abs=0.02)
    assert size[0] == pytest.approx(second, rel=0.03)


def test_the_quick_measurement_reads_the_area_as_the_rows_do() -> None:
    one = experiments()["pristine50"]
    cell = Cell.preset(one.cell)
    made = analyse(simulate(cell, one.protocol, instrument=one.instrument()), method="drttools")
    sweeps = sweeps_of(made)
    # the sweep of a cell at rest is the spectrum of an instant; patches alike
    assert Stand(cell, POLISH).area() == pytest.approx(sweeps.interface[0], rel=1e-3)
