"""Impedance of the cell: the linear response of the very equations that the march solves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from anodescope.cell import march, slots
from anodescope.cell.engine import Accuracy, Engine, Kept, repeated
from anodescope.cell.modes import layer_modes
from anodescope.impedance import validate
from tests.cell.numbers import numbers, phase

CASES = {
    "fresh": ({}, 0.0),
    "stripping": ({}, 0.3),
    "near the threshold": ({}, 0.65),
    "plating": ({}, -0.3),
    "plating after stripping": ({}, (0.6, -0.3)),
    "smooth": ({"layer": slots.SMOOTH, "width": 0.02}, 0.5),
    "Butler–Volmer": ({"kinetics": slots.BUTLER_VOLMER}, 0.5),
    "moving liquid": ({"motion_current": 0.2, "motion_loss": 0.4}, 0.4),
    "counter electrode": ({"counter_strip": 40.0, "counter_plate": 15.0}, 0.2),
    "solid": ({"layer": slots.NO_LAYER, "saturation": 2.0}, 0.5),
}


def brought(name, patches=4, **more):
    """The cell of a case after 60 s at each of its currents, its slow states held from then on."""
    changes, currents = CASES[name]
    engine = Engine(*numbers(patches=patches, **changes, **more), accuracy=Accuracy(1e-6),
                    every=np.inf)  # fmt: skip
    currents = currents if isinstance(currents, tuple) else (currents,)
    for current in currents:
        engine.advance(np.array([phase(current, 60.0)]))
    return engine, currents[-1]


def impedance(engine, frequency, current):
    frequency = np.atleast_1d(np.asarray(frequency, float))
    through = np.full(frequency.size, engine.p[slots.INDEX["electrolyte"]] + 0j)
    kept = repeated(engine.now(), frequency.size)
    return engine.impedance(kept, frequency, through, current)[2]


def held(name, slow=False):
    """The same case, with nothing that changes in minutes; `slow`: no metal comes out either."""
    still = {"loss": 0, "deposit_time": np.inf, "sodium": 6.3e5, "potassium": 3.7e5, "filament": 0}
    if slow and "saturation" not in CASES[name][0]:
        still["saturation"] = 2.0
    return brought(name, **still)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("frequency", [0.02, 1.0, 300.0])
def test_a_small_sine_finds_it(name, frequency):
    """Drive the march with a sine of 1 µA/cm² and take the voltage's first harmonic."""
    engine, current = held(name, slow=frequency < 0.1)
    expected = impedance(engine, frequency, current)[0]
    size, cuts = 1e-3, 400
    turns = 3 if frequency > 0.1 else 2
    edges = np.linspace(0, turns, turns * cuts + 1)
    wave = current + size * np.sin(2 * np.pi * edges)
    rows = [phase(low, 1 / (cuts * frequency), stop=high) for low, high in itertools.pairwise(wave)]
    engine.advance(np.array(rows[: (turns - 1) * cuts]))
    _, samples, _ = engine.advance(np.array(rows[(turns - 1) * cuts :]))
    # Each phase's first sample: where the ramps meet.
    first = samples[np.r_[True, np.diff(samples[:, march.PHASE]) > 0]]
    turn = 2 * np.pi * np.arange(cuts) / cuts
    basis = np.column_stack([np.sin(turn), np.cos(turn), np.ones(cuts), turn])
    found = np.linalg.lstsq(basis, first[:, march.VOLT], rcond=None)[0]
    measured = 1e3 * (found[0] + 1j * found[1]) / size
    # Ramps for a sine lose 2e-5; a limit on plated flux is a kink, which no slope describes.
    assert abs(measured / expected - 1) < 2e-3


@pytest.mark.parametrize("name", [n for n in CASES if n != "plating after stripping"])
def test_at_zero_frequency_it_is_the_slope_of_the_curve(name):
    """Z(ω → 0) = dV/dI at fixed φ and x_b."""
    engine, current = held(name, slow=True)
    expected = impedance(engine, 1e-9, current)[0]
    volts = []
    for shift in (1e-3, -1e-3):
        copy = Engine(
            engine.p, engine.laws.kappa, engine.laws.tau, accuracy=Accuracy(1e-7), every=np.inf
        )
        copy.state[:], copy.once[:] = engine.state, engine.once
        _, samples, _ = copy.advance(np.array([phase(current + shift, 3e3)]))
        volts.append(samples[-1, march.VOLT])
    assert expected.imag == pytest.approx(0, abs=1e-3)
    assert 1e3 * (volts[0] - volts[1]) / 2e-3 == pytest.approx(expected.real, rel=1e-3)


def test_at_infinite_frequency_only_what_is_in_series_is_left():
    engine, current = brought("stripping")
    series = engine.p[slots.INDEX["electrolyte"]] + engine.p[slots.INDEX["sheet"]]
    assert impedance(engine, 1e12, current)[0] == pytest.approx(series, rel=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_every_spectrum_obeys_kramers_and_kronig(name):
    """The arcs of a passive cell: the test of the impedance room finds them consistent."""
    engine, current = brought(name)
    frequency = np.geomspace(1e6, 1e-2, 81)
    node = validate((frequency, impedance(engine, frequency, current)))
    assert str(node["verdict"].values[0]) == "consistent"
    assert float(node["kk_residual"].values[0]) < 1e-3


@pytest.mark.parametrize("name", CASES)
def test_it_is_passive(name):
    engine, current = brought(name)
    z = impedance(engine, np.geomspace(1e7, 1e-4, 61), current)
    assert np.all(z.real > 0)
    assert np.all(z.imag <= 1e-9)


def test_the_layers_modes_are_the_warburg_of_a_finite_layer():
    """Σ w/(1 + iωτ/l) against tanh √(iωτ)/√(iωτ), as modes are added."""
    omega = np.geomspace(1e-3, 1e2, 40)
    root = np.sqrt(1j * omega)
    exact = np.tanh(root) / root
    errors = []
    for modes in (4, 8, 16, 32):
        weights, rates = layer_modes(modes)
        found = (weights / (1 + 1j * omega[:, None] / rates)).sum(1)
        errors.append(np.abs(found - exact).max())
    assert all(later < 0.6 * earlier for earlier, later in itertools.pairwise(errors))
    assert errors[-1] < 1e-2


def test_a_state_that_moves_gives_each_frequency_its_own():
    """Two states, two answers: the point's own instant counts."""
    engine, _ = brought("stripping")
    early = engine.now()
    engine.advance(np.array([phase(0.8, 60.0)]))
    late = engine.now()
    kept = Kept(
        np.r_[early.time, late.time], np.r_[early.patches, late.patches],
        np.r_[early.once, late.once],
    )  # fmt: skip
    both = engine.impedance(kept, np.array([1.0, 1.0]), np.zeros(2, complex), [0.3, 0.8])[2]
    alone = engine.impedance(late, np.array([1.0]), np.zeros(1, complex), 0.8)[2]
    assert both[1] == alone[0]
    assert both[0] != both[1]
