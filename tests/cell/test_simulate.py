"""The verb: what it writes down agrees with itself, with the cell's laws, and with the seed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from anodescope.campaign import check
from anodescope.cell.cell import Cell
from anodescope.cell.engine import Accuracy
from anodescope.cell.instrument import Instrument
from anodescope.cell.reference import Reference
from anodescope.cell.simulate import simulate, simulate_each
from anodescope.errors import Cancelled
from anodescope.protocol import (
    Block,
    Ends,
    Hold,
    Limits,
    PotentialHold,
    Protocol,
    Ramp,
    Repeat,
    Rest,
    Sweep,
    protocols,
)  # fmt: skip
from anodescope.running import Run

SHORT_SWEEP = {"f_max": 1e6, "f_min": 10.0, "points": 21}


def one(*steps, unit="mA/cm²"):
    """A protocol of one block."""
    return Protocol((Block("unknown", steps, 1),), unit)


def everything():
    """One of each kind of step."""
    return one(
        Rest(1.0),
        Hold(0.2, 2.0),
        Ramp(0.2, -0.2, 3.0),
        PotentialHold(0.05, 2.0),
        Sweep(4.0, 0.3, amplitude=5e-6, **SHORT_SWEEP),
        Repeat((Hold(1.0, 0.5), Rest(0.5)), 3),
        Sweep(4.0, None, None, 0.01, **SHORT_SWEEP),
    )


@pytest.fixture(scope="module")
def cell():
    return Cell.preset("NaK50")


@pytest.fixture(scope="module")
def mixed(cell):
    return simulate(cell, everything())


def values(campaign, node, name):
    return campaign[node][name].to_numpy()


# ------------------------------------------------------------------ what is written down
def test_all_nodes_are_valid(mixed):
    check(mixed)
    assert {"timeseries", "steps", "spectra", "state"} <= set(mixed.nodes)


def test_steps_follow_each_other_and_hold_their_rows(mixed):
    kinds = values(mixed, "steps", "technique").tolist()
    assert kinds == ["OCV", "CP", "CP", "CA", "GEIS", *["CP", "OCV"] * 3, "PEIS"]
    start, end = values(mixed, "steps", "time_start"), values(mixed, "steps", "time_end")
    np.testing.assert_array_equal(start[1:], end[:-1])
    assert end - start == pytest.approx([1, 2, 3, 2, 4, *[0.5] * 6, 4])
    time, row = values(mixed, "timeseries", "time"), values(mixed, "timeseries", "step")
    assert (np.diff(time) >= 0).all()
    assert (np.diff(row) >= 0).all()
    assert np.unique(row).tolist() == list(range(len(kinds)))
    assert (time >= start[row]).all()
    assert (time <= end[row]).all()


def test_every_phase_has_a_sample_at_its_end_and_at_its_start(mixed):
    time, row = values(mixed, "timeseries", "time"), values(mixed, "timeseries", "step")
    for k, kind in enumerate(values(mixed, "steps", "technique")):
        inside = time[row == k]
        end = values(mixed, "steps", "time_end")[k]
        if kind.endswith("EIS"):  # Its points are its samples, and the last is read just before.
            assert 0.0 < end - inside[-1] < 1e-2
        else:
            assert inside[-1] == end
            assert inside[0] == values(mixed, "steps", "time_start")[k]
            assert (np.diff(inside) <= 0.1 + 1e-9).all()


def test_currents_are_those_asked_for(cell, mixed):
    density = 1e3 * values(mixed, "timeseries", "current_density")
    current = values(mixed, "timeseries", "current")
    np.testing.assert_allclose(current / cell.area, 1e-3 * density, rtol=1e-12)
    time, row = values(mixed, "timeseries", "time"), values(mixed, "timeseries", "step")
    assert density[row == 1] == pytest.approx(0.2)
    ramp = row == 2
    np.testing.assert_allclose(density[ramp], 0.2 - 0.4 * (time[ramp] - 3.0) / 3.0, atol=1e-9)
    assert values(mixed, "timeseries", "voltage")[row == 3] == pytest.approx(0.05)
    assert density[row == 4] == pytest.approx(0.3)
    assert density[row == 6] == pytest.approx(0.0, abs=1e-12)


def test_points_of_a_sweep_are_rows_of_the_time_series(mixed):
    time, row = values(mixed, "timeseries", "time"), values(mixed, "timeseries", "step")
    for k, step in enumerate(values(mixed, "spectra", "step")):
        np.testing.assert_array_equal(time[row == step], values(mixed, "spectra", "time")[k])
        found = values(mixed, "timeseries", "voltage")[row == step]
        np.testing.assert_array_equal(found, values(mixed, "spectra", "voltage")[k])


def test_stripped_charge_is_the_integral_of_the_current(cell):
    """∫I dt between kept states; holds and ramps are exact for the trapezium of the samples."""
    asked = one(Hold(0.2, 10.0), Ramp(0.2, -0.4, 30.0), Rest(5.0), Hold(0.7, 7.0))
    state = simulate(cell, asked)["state"]
    expected = (0.2 * 10.0 - 0.1 * 30.0 + 0.7 * 7.0) / 3600.0
    # The charge is a sum over some thousand steps of the march: rounding alone.
    assert float(state["stripped"][-1]) == pytest.approx(expected, abs=1e-12)


def test_amperes_and_current_densities_are_the_same_test(cell):
    """A protocol in A is the one in mA/cm² times the area, to rounding."""
    asked = one(Hold(0.2, 2.0), Sweep(4.0, 0.3, amplitude=5e-6, **SHORT_SWEEP))
    there, here = simulate(cell, asked.absolute(cell.area)), simulate(cell, asked)
    for node, name in (("timeseries", "voltage"), ("timeseries", "current")):
        np.testing.assert_allclose(
            values(there, node, name), values(here, node, name), rtol=1e-6, atol=1e-12
        )
    np.testing.assert_allclose(
        values(there, "spectra", "impedance"), values(here, "spectra", "impedance"), rtol=1e-6
    )


@pytest.mark.parametrize("seed", [None, 1])
def test_what_a_point_was_read_at_is_one_number_in_both_nodes(cell, seed):
    """The noise of a sample is drawn once: its row and its point must not differ."""
    meter = None if seed is None else Instrument()
    found = simulate(cell, everything(), instrument=meter, seed=seed or 0)
    row = values(found, "timeseries", "step")
    for k, step in enumerate(values(found, "spectra", "step")):
        for name in ("voltage", "current"):
            there = values(found, "timeseries", name)[row == step]
            np.testing.assert_array_equal(there, values(found, "spectra", name)[k])


@pytest.mark.parametrize("rest", [0.1, 0.3, 0.7])
def test_time_never_runs_back(cell, rest):
    """Not by a rounding either: readers of files sort by it, and a row would change its step."""
    asked = protocols.pulsed_stripping(rest=rest, count=50)
    found = simulate(cell, asked, instrument=Instrument(sampling=0.02).silent())
    assert np.diff(values(found, "timeseries", "time")).min() >= 0.0


def test_the_charge_of_each_step_is_what_was_stripped(cell):
    """Also of a sweep, whose first point comes some time after its start."""
    asked = one(Hold(0.2, 5.0), Sweep(9.0, 0.3), Hold(-0.1, 5.0), Sweep(9.0, -0.2), Rest(1.0))
    found = simulate(cell, asked)
    charge = values(found, "steps", "charge")
    expected = 1e-3 * cell.area * np.array([1.0, 2.7, -0.5, -1.8, 0.0])
    np.testing.assert_allclose(charge, expected, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(
        values(found, "steps", "current"), expected / [5, 9, 5, 9, 1], rtol=1e-9, atol=1e-15
    )


# ------------------------------------------------------------------ seeds and silence
@pytest.mark.parametrize("node", ["timeseries", "spectra", "steps", "state"])
def test_the_same_seed_gives_the_same_bits(cell, node):
    meter = Instrument()
    first, second = (simulate(cell, everything(), instrument=meter, seed=3) for _ in range(2))
    for name in first[node].variables:
        a, b = first[node][name].to_numpy(), second[node][name].to_numpy()
        assert np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"), name


def test_another_seed_is_other_noise_on_the_same_cell(cell, mixed):
    first, second = (
        simulate(cell, everything(), instrument=Instrument(), seed=seed) for seed in (1, 2)
    )
    for name in ("voltage", "current"):
        a, b = values(first, "timeseries", name), values(second, "timeseries", name)
        assert (a != b).mean() > 0.99
    a, b = values(first, "spectra", "impedance"), values(second, "spectra", "impedance")
    assert (a != b).all()
    for name in mixed["state"].variables:
        np.testing.assert_array_equal(first["state"][name], second["state"][name])
        np.testing.assert_array_equal(first["state"][name], mixed["state"][name])
    np.testing.assert_array_equal(
        values(first, "timeseries", "time"), values(mixed, "timeseries", "time")
    )


def test_without_an_instrument_it_is_the_silent_one(cell, mixed):
    silent = simulate(cell, everything(), instrument=Instrument().silent(), seed=9)
    for node in mixed.nodes:
        for name in mixed[node].variables:
            a, b = mixed[node][name].to_numpy(), silent[node][name].to_numpy()
            assert np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"), (node, name)


# ------------------------------------------------------------------ events
def test_the_short_circuit_is_found_to_a_millisecond(cell):
    """Against a march a thousand times tighter; plating far above the filament's threshold."""
    asked = one(Hold(-4.0, 3600.0, until=Limits(short=True)))
    times = []
    for tolerance in (1e-2, 1e-5):
        found = simulate(cell, asked, accuracy=Accuracy(tolerance))
        kinds = values(found, "events", "kind").tolist()
        assert kinds == ["short_circuit", "short_limit"]
        assert (
            values(found, "events", "time").tolist() == [values(found, "steps", "time_end")[-1]] * 2
        )
        times.append(values(found, "events", "time")[0])
    assert times[0] == pytest.approx(times[1], abs=1e-3)


def test_a_cut_off_is_located_to_a_millisecond(cell):
    """Behind the cut-off the voltage is past it by no more than a millisecond of its last rise."""
    found = simulate(
        cell, one(Hold(2.0, 3600.0, 3.0)), instrument=Instrument(sampling=1e-3).silent()
    )
    volt, time = values(found, "timeseries", "voltage"), values(found, "timeseries", "time")
    assert values(found, "events", "kind").tolist() == ["voltage_limit"]
    assert values(found, "events", "time")[0] == time[-1]
    assert volt[-1] >= 3.0 > volt[-2]
    # The rise is a capacitor's and at most linear: what is left of it over a millisecond.
    steepest = np.max(np.diff(volt) / np.maximum(np.diff(time), 1e-9))
    assert volt[-1] - 3.0 <= 1e-3 * steepest


def test_a_limit_of_charge_is_met(cell):
    found = simulate(cell, one(Hold(0.5, 3600.0, until=Limits(charge=0.01))))
    # 0.01 mAh/cm² at 0.5 mA/cm² are 72 s; events are located to 1 ms.
    assert values(found, "events", "time")[0] == pytest.approx(72.0, abs=1e-3)
    assert values(found, "events", "kind").tolist() == ["charge_limit"]


def test_a_limit_of_composition_is_met(cell):
    target = 0.62
    found = simulate(cell, one(Hold(0.5, 36000.0, until=Limits(composition=target))))
    assert values(found, "events", "kind").tolist() == ["composition_limit"]
    bulk = values(found, "state", "bulk_fraction")
    # What a millisecond of the current takes from the bulk is 1e-9 of it.
    assert bulk[-1] == pytest.approx(target, abs=1e-7)


@pytest.mark.parametrize(
    ("ends", "kinds"),
    [
        (Ends.STEP, ["CP", "OCV", "CP", "OCV", "CP"]),
        (Ends.BLOCK, ["CP", "CP"]),
        (Ends.PROTOCOL, ["CP"]),
    ],
)
def test_a_limit_ends_what_it_says(cell, ends, kinds):
    first = Hold(0.5, 3600.0, until=Limits(charge=1e-3, ends=ends))
    blocks = (
        Block("unknown", (Repeat((first, Rest(1.0)), 2),), 1),
        Block("unknown", (Hold(0.1, 1.0),), 1),
    )
    found = simulate(cell, Protocol(blocks))
    assert values(found, "steps", "technique").tolist() == kinds


# ------------------------------------------------------------------ rest
def test_at_rest_the_currents_between_patches_cancel(cell):
    """Σ(η − v)/r0 = 0 gives η = ⟨v⟩, which is what the voltmeter reads: a mixed potential."""
    found = simulate(cell, one(Hold(0.8, 60.0), Rest(5.0)))
    inside = values(found, "state", "interface_voltage")[-1]
    assert np.ptp(inside) > 1e-6  # The patches differ, so currents flow between them.
    volt = values(found, "timeseries", "voltage")[-1]
    assert volt == pytest.approx(inside.mean(), abs=1e-12)
    assert values(found, "timeseries", "current")[-1] == 0.0


def test_a_rest_falls_to_the_fresh_voltage_of_its_composition(cell):
    """Diffusion levels the layer in some δ²/D; nothing else can hold a voltage at no current."""
    tau = cell.numbers().tau
    found = simulate(cell, one(Rest(1.0), Hold(0.8, 60.0), Rest(20.0 * tau.max())))
    volt, row = values(found, "timeseries", "voltage"), values(found, "timeseries", "step")
    rest = volt[row == 2]
    assert (np.diff(rest) <= 1e-9).all()
    assert rest[0] > volt[0] + 1e-3
    # What was stripped, 0.013 of 54 mAh/cm², moves the bulk's voltage by less than 0.1 mV.
    assert rest[-1] == pytest.approx(volt[0], abs=1e-4)


def test_peis_at_rest_holds_the_voltage_of_its_start_and_so_passes_charge(cell):
    found = simulate(
        cell, one(Hold(0.8, 60.0), Rest(1.0), Sweep(35.0, None, None, 0.01), Rest(9.0))
    )
    volt, row = values(found, "timeseries", "voltage"), values(found, "timeseries", "step")
    start = volt[row == 1][-1]
    np.testing.assert_allclose(volt[row == 2], start, atol=1e-9)
    assert abs(volt[row == 3][-1] - start) > 1e-5  # At rest it would have gone on.
    stripped = values(found, "state", "stripped")
    when = values(found, "state", "state_time")
    passed = np.interp([61.0, 96.0], when, stripped)
    # The cell relaxes below the held voltage, so the instrument must strip to hold it.
    assert passed[1] - passed[0] > 1e-6
    charge = values(found, "steps", "charge")[2] / 3.6 / Cell().area
    assert charge == pytest.approx(passed[1] - passed[0], rel=0.05)


# ------------------------------------------------------------------ three electrodes
@pytest.mark.parametrize("position", [0.0, 0.5, 1.0])
def test_working_less_counter_is_the_cell(cell, mixed, position):
    found = simulate(cell, everything(), reference=Reference(position))
    working, counter = (values(found, "timeseries", n) for n in ("voltage", "counter_voltage"))
    whole = values(found, "timeseries", "cell_voltage")
    np.testing.assert_allclose(whole, values(mixed, "timeseries", "voltage"), atol=1e-12)
    np.testing.assert_allclose(working - counter, whole, atol=1e-12)
    spectra = found["spectra"]
    z = {
        name: spectra["impedance"].to_numpy()[spectra["electrode"].to_numpy() == name]
        for name in ("cell", "working", "counter")
    }
    np.testing.assert_allclose(z["working"] + z["counter"], z["cell"], rtol=1e-12)
    np.testing.assert_array_equal(z["cell"], values(mixed, "spectra", "impedance"))


def test_the_reference_shares_the_electrolyte_and_nothing_else(cell):
    """At its ends the reference gives the electrolyte's whole drop to one electrode."""
    asked = one(Hold(0.5, 2.0))
    at_alloy, at_counter = (
        values(simulate(cell, asked, reference=Reference(where)), "timeseries", "voltage")
        for where in (0.0, 1.0)
    )
    drop = 0.5e-3 * cell.numbers()["electrolyte"]
    np.testing.assert_allclose(at_counter - at_alloy, drop, rtol=1e-9)


# ------------------------------------------------------------------ run
def test_a_cancelled_run_leaves_nothing(cell):
    seen = []

    def stop():
        seen.append(1)
        return len(seen) > 2

    with pytest.raises(Cancelled, match="simulate"):
        simulate(cell, everything(), run=Run(cancelled=stop))
    whole = simulate(cell, everything())
    assert whole["steps"].sizes["step"] == 12


def test_progress_goes_from_nothing_to_all(cell):
    seen = []
    asked = Protocol(tuple(Block("rest", (Rest(1.0),), 1) for _ in range(3)))
    simulate(cell, asked, run=Run(progress=lambda *now: seen.append(now)))
    assert seen == [("simulate", k, 3) for k in range(4)]


def peak(campaign):
    """What an ensemble keeps of a campaign."""
    return float(campaign["timeseries"]["voltage"].max())


def test_many_cells_side_by_side_are_those_one_by_one():
    """Cells share no state: threads give the bits of a plain loop, in the order of the cells."""
    cells = [Cell.preset(f"NaK{percent}") for percent in range(48, 80, 4)]
    asked = one(Hold(0.1, 2.0, 3.0), Rest(1.0))
    plain = [peak(simulate(cell, asked)) for cell in cells]
    assert list(simulate_each(cells, asked, peak)) == plain
    with ThreadPoolExecutor(4) as pool:
        assert list(simulate_each(cells, asked, peak, run=Run(map=pool.map))) == plain
    assert len(set(plain)) == len(plain)


def test_an_ensemble_can_be_stopped_between_cells(cell):
    seen = []
    run = Run(cancelled=lambda: len(seen) >= 3)
    found = simulate_each([cell] * 9, one(Rest(1.0)), peak, run=run)
    with pytest.raises(Cancelled, match="of 9"):
        seen.extend(found)
    assert len(seen) == 3
