"""What no cell or protocol can be is one sentence; what is only extreme is a defined result."""

from __future__ import annotations

import math
import time
import tracemalloc

import numpy as np
import pytest

from anodescope.campaign import check
from anodescope.cell.capacitance import FiniteStore
from anodescope.cell.cell import Cell
from anodescope.cell.instrument import Instrument
from anodescope.cell.layer import Threshold
from anodescope.cell.reservoir import Alloy
from anodescope.cell.simulate import simulate
from anodescope.errors import SettingsError
from anodescope.protocol import Block, Hold, Limits, PotentialHold, Protocol, Repeat, Rest, Sweep
from anodescope.protocol.walk import number_of

NAN = math.nan


def one(*steps):
    """A protocol of one block."""
    return Protocol((Block("unknown", steps, 1),))


def sentence(error):
    """The error's text, which must be one sentence that names a place."""
    text = str(error.value)
    assert "\n" not in text
    assert ":" in text
    assert text.rstrip().endswith((".", "?"))
    return text


CELLS = {
    "zero contact": lambda: Cell().replace(**{"deposit.contact": 0.0}),
    "negative contact": lambda: Cell().replace(**{"deposit.contact": -0.1}),
    "pure Na": lambda: Alloy(0.0),
    "pure K": lambda: Alloy(100.0),
    "pure Na preset": lambda: Cell.preset("NaK0"),
    "pure K preset": lambda: Cell.preset("NaK100"),
    "negative thickness": lambda: Cell().replace(**{"layer.thickness": -6.9e-6}),
    "zero thickness": lambda: Cell().replace(**{"layer.thickness": 0.0}),
    "thickness not a number": lambda: Cell().replace(**{"layer.thickness": NAN}),
    "infinite thickness": lambda: Cell().replace(**{"layer.thickness": math.inf}),
    "thickness as text": lambda: Cell().replace(**{"layer.thickness": "thin"}),
    "0 K": lambda: Cell(temperature=0.0),
    "below 0 K": lambda: Cell(temperature=-1.0),
    "temperature not a number": lambda: Cell(temperature=NAN),
    "pressure not a number": lambda: Cell(pressure=NAN),
    "no pressure": lambda: Cell(pressure=0.0),
    "no patches": lambda: Cell(patches=0),
    "half a patch": lambda: Cell(patches=1.5),
    "a part of another family": lambda: Cell(capacitance=Threshold()),
    "a layer on solid Na": lambda: Cell.preset("Na").replace(layer=Threshold()),
    "unknown part": lambda: Cell().replace(kinetic=None),
    "no such number": lambda: Cell().replace(**{"layer.thick": 1e-6}),
    "a frozen alloy": lambda: Cell(temperature=250.0),
    "no capacitance": lambda: FiniteStore(0.0, 0.05, 0.0),
}


@pytest.mark.parametrize("case", CELLS)
def test_what_no_cell_can_be_is_one_sentence(case):
    with pytest.raises(SettingsError) as error:
        CELLS[case]()
    sentence(error)


def test_a_pure_metal_names_the_preset_to_use():
    with pytest.raises(SettingsError, match=r"Cell\.preset\('Na'\)"):
        Alloy(0.0)
    with pytest.raises(SettingsError, match=r"Cell\.preset\('K'\)"):
        Alloy(100.0)


PROTOCOLS = {
    "rest of no length": lambda: Rest(0.0),
    "hold of no length": lambda: Hold(1.0, 0.0),
    "sweep of no length": lambda: Sweep(0.0, 1.0),
    "negative length": lambda: Hold(1.0, -1.0),
    "length not a number": lambda: Hold(1.0, NAN),
    "endless": lambda: Hold(1.0, math.inf),
    "no current": lambda: Hold(0.0, 1.0),
    "current not a number": lambda: Hold(NAN, 1.0),
    "voltage not a number": lambda: PotentialHold(NAN, 1.0),
    "cut-off below the held voltage": lambda: PotentialHold(2.0, 1.0, until=Limits(voltage=1.0)),
    "two cut-offs": lambda: Hold(1.0, 1.0, 3.0, until=Limits(voltage=2.0)),
    "charge at rest": lambda: Rest(1.0, until=Limits(charge=1.0)),
    "no charge": lambda: Limits(charge=0.0),
    "negative charge": lambda: Limits(charge=-1.0),
    "more than all Na": lambda: Limits(composition=1.0),
    "no repetition": lambda: Repeat((Rest(1.0),), 0),
    "half a repetition": lambda: Repeat((Rest(1.0),), 0.5),
    "nothing repeated": lambda: Repeat((), 2),
    "current and voltage": lambda: Sweep(1.0, 1.0, 1.0),
    "frequencies that rise": lambda: Sweep(1.0, 1.0, f_max=1.0, f_min=10.0),
}


@pytest.mark.parametrize("case", PROTOCOLS)
def test_what_no_step_can_be_is_one_sentence(case):
    with pytest.raises(SettingsError) as error:
        PROTOCOLS[case]()
    sentence(error)


@pytest.mark.parametrize("protocol", [Protocol(()), Protocol((Block("rest", (), 1),))])
def test_a_protocol_without_a_step_is_one_sentence(protocol):
    with pytest.raises(SettingsError) as error:
        simulate(Cell(), protocol)
    sentence(error)


@pytest.mark.parametrize(
    "settings",
    [
        {"sampling": 0.0},
        {"sampling": NAN},
        {"voltage_noise": -1.0},
        {"voltage_noise": NAN},
        {"voltage_noise": math.inf},
        {"ranges": ()},
        {"ranges": (1.0, 0.1)},
        {"ranges": (NAN,)},
        {"current_error": 1.0},
        {"current_error": NAN},
        {"averaged": 0},
        {"dwell": -1.0},
    ],
)
def test_what_no_instrument_can_be_is_one_sentence(settings):
    with pytest.raises(SettingsError) as error:
        Instrument(**settings)
    sentence(error)


def test_a_million_repetitions_stay_one_object_and_can_be_cut_short():
    """Building holds one pulse; the run stops where the composition limit of the 1st pulses is."""
    tracemalloc.start()
    begin = time.perf_counter()
    pulses = one(Repeat((Hold(1.0, 1.0, 3.0), Rest(0.01)), 10**6))
    assert number_of(pulses.blocks[0].steps) == 2 * 10**6
    spent = time.perf_counter() - begin
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A million steps of a few dozen bytes each would take tens of MB; one pulse takes none.
    assert peak < 1e6
    assert spent < 1.0
    found = simulate(Cell(patches=1), pulses, instrument=Instrument(sampling=1e3).silent())
    assert found["events"]["kind"].to_numpy()[0] == "voltage_limit"
    assert found["steps"].sizes["step"] < 10**5


@pytest.mark.slow
def test_a_million_tiny_pulses_are_run_whole():
    """Tiny pulses there and back: nothing is used up, and each has its row in the steps node."""
    pulse = (Hold(1e-4, 1e-3), Hold(-1e-4, 1e-3))
    cell = Cell(patches=1, loss=None, filament=None)
    found = simulate(cell, one(Repeat(pulse, 10**6)), instrument=Instrument(sampling=1.0).silent())
    assert found["steps"].sizes["step"] == 2 * 10**6
    assert float(found["steps"]["time_end"][-1]) == pytest.approx(2e3)
    assert np.isfinite(found["timeseries"]["voltage"]).all()


def test_nak80_is_a_defined_state_and_ends_at_the_cut_off():
    """Below the threshold the layer gives next to nothing, so charging takes the voltage to 3 V."""
    found = simulate(Cell.preset("NaK80"), one(Hold(0.05, 3600.0, 3.0)))
    check(found)
    volt = found["timeseries"]["voltage"].to_numpy()
    assert np.isfinite(volt).all()
    assert found["events"]["kind"].to_numpy().tolist() == ["voltage_limit"]
    # Events are located to 1 ms, in which the current charges the bare double layer by this much.
    assert volt[-1] == pytest.approx(3.0, abs=1e-3 * 0.05e-3 / FiniteStore().double_layer)
    assert abs(volt[0]) < 0.1


def test_a_hold_that_strips_all_there_is_ends_in_a_defined_way():
    """Pure Na without a voltage limit: a sentence or finite numbers, never another kind of end."""
    from anodescope.cell import SimulationError

    try:
        found = simulate(
            Cell.preset("Na"),
            one(Hold(500.0, 3600.0, until=Limits(charge=200.0))),
            instrument=Instrument(sampling=10.0).silent(),
        )
    except (SettingsError, SimulationError) as error:
        assert "\n" not in str(error)
    else:
        assert np.isfinite(found["timeseries"]["voltage"]).all()
