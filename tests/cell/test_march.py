"""The march against SciPy on the same equations written plainly, and against what must hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from anodescope.cell import march, slots
from anodescope.cell.bundles import scratch
from anodescope.cell.engine import Accuracy, Engine
from anodescope.cell.program import commit
from tests.cell.numbers import numbers, phase
from tests.cell.plain import Plain

CASES = {
    "stripping": ({}, [(0.3, 40.0), (0.0, 10.0), (0.7, 20.0)]),
    "pulses": ({}, [(1.0, 1.0), (0.0, 2.0), (1.0, 1.0), (0.0, 0.5)]),
    "plating": ({}, [(-0.4, 600.0), (0.0, 100.0), (0.2, 900.0)]),
    "strip, then plate": ({}, [(0.6, 100.0), (-0.3, 100.0), (0.1, 50.0)]),
    "smooth": ({"layer": slots.SMOOTH, "width": 0.02}, [(0.5, 40.0), (0.0, 5.0), (-0.2, 30.0)]),
    "Butler–Volmer": ({"kinetics": slots.BUTLER_VOLMER}, [(0.5, 40.0), (-1.0, 30.0), (0.0, 5.0)]),
    "by concentration": (
        {"dependence": slots.BY_CONCENTRATION, "reference": 0.0146, "floor": 1e-3},
        [(0.2, 3600.0)],
    ),
    "threshold of loss": (
        {"loss": slots.THRESHOLD_LOSS, "loss_onset": 0.3, "loss_rate": 1e-2}, [(0.6, 200.0)],
    ),
    "moving liquid": (
        {"motion_current": 0.3, "motion_loss": 0.4}, [(0.5, 5.0), (0.1, 5.0), (-0.6, 5.0)],
    ),
    "counter electrode": (
        {"counter_strip": 40.0, "counter_plate": 15.0, "counter_capacitance": 1e-4},
        [(0.3, 1.0), (-0.3, 1.0)],
    ),
    "no layer": ({"layer": slots.NO_LAYER, "saturation": 2.0}, [(0.5, 100.0), (-0.5, 100.0)]),
    "dry alloy": ({"weight": 0.8}, [(0.05, 0.1), (0.0, 1.0)]),
    "finite store": (
        {"capacitance_power": 0.0, "capacitance_width": 0.05, "pseudo_capacitance": 3e-3},
        [(0.7, 20.0), (0.0, 5.0), (-0.5, 5.0)],
    ),
    "filament": ({"filament_current": 1.0, "filament_rate": 1e-3}, [(-0.4, 300.0)]),
}  # fmt: skip


def followed(name, tolerance, patches=3):
    """The case by the march: samples at the ends of 20 stretches of each phase."""
    changes, steps = CASES[name]
    cell = numbers(patches=patches, **changes)
    engine = Engine(*cell, accuracy=Accuracy(tolerance), every=np.inf)
    volts, states = [], []
    for current, duration in steps:
        for _ in range(20):
            _, samples, _ = engine.advance(np.array([phase(current, duration / 20)]))
            volts.append(samples[-1, march.VOLT])
            states.append(np.append(engine.state.ravel(), engine.once[[0, 1, 3]]))
    return cell, np.array(volts), np.array(states)


def integrated(name, cell):
    """The case by SciPy, at the same instants."""
    plain = Plain(*cell)
    y, volts, states = plain.start(), [], []
    for current, duration in CASES[name][1]:
        times = np.linspace(0, duration, 21)[1:]
        found = solve_ivp(
            plain.rates, (0, duration), y, "Radau", times, args=(current,), rtol=1e-8, atol=1e-10,
        )  # fmt: skip
        assert found.success
        y = found.y[:, -1]
        volts += [plain.voltage(row, current) for row in found.y.T]
        states += list(found.y.T)
    return np.array(volts), np.array(states)


@pytest.mark.parametrize("name", CASES)
def test_the_march_follows_the_equations(name):
    """Half a millivolt, and its states, at the default tolerance."""
    cell, volts, states = followed(name, Accuracy().tolerance)
    expected, plain = integrated(name, cell)
    assert np.max(np.abs(volts - expected)) < 5e-4
    # The states by their scales: x, V, φ, m, ψ, then Q, c, V.
    scale = np.append(np.tile([1, 1, 1, 1, 1, 1, 1, 1.0], 3), [1, 1, 1])
    assert np.max(np.abs(states - plain) / scale) < 1e-3


@pytest.mark.parametrize("name", ["stripping", "plating", "Butler–Volmer", "smooth"])
@pytest.mark.parametrize("tolerance", [1e-1, 1e-3, 1e-5])
def test_what_is_tolerated_is_kept(name, tolerance):
    """A step may err by 20 mV times its tolerance, and a few add up before they decay."""
    cell, volts, _ = followed(name, tolerance)
    expected, _ = integrated(name, cell)
    assert np.max(np.abs(volts - expected)) < 0.06 * tolerance + 2e-6


def fixed_steps(name, count):
    """All slow states and the voltage after steps of one length under the first current."""
    changes, steps = CASES[name]
    cell = numbers(patches=3, **changes)
    current = steps[0][0]
    engine = Engine(*cell, accuracy=Accuracy(1e-6), every=np.inf)
    engine.advance(np.array([phase(current, 1.0)]))
    work = scratch(3, engine.modes)
    work.result[1] = current
    march.depletion(engine.p, engine.state, engine.once, engine.modes, work.theta)
    march.start_rates(engine.laws, engine.state, engine.once, 0, current, work)
    for _ in range(count):
        good, _ = march.step(
            engine.laws, engine.state, engine.once, 2.0 / count, 0, current, current, 1e-8, work
        )
        assert good
        commit(engine.p, engine.state, engine.once, work)
    return np.append(engine.state.ravel(), engine.once)


@pytest.mark.parametrize("name", ["stripping", "plating", "smooth", "Butler–Volmer"])
def test_the_order_in_time_is_two(name):
    """Slopes of every state's error between 40, 80 and 160 steps of the same two seconds."""
    truth = fixed_steps(name, 2560)
    errors = np.array([np.abs(fixed_steps(name, n) - truth).max() for n in (40, 80, 160)])
    orders = np.log2(errors[:-1] / errors[1:])
    assert np.all(orders > 1.7), (errors, orders)


def test_the_limiting_current_is_that_of_the_layer():
    """One patch, an endless bulk, no sheet: i_lim = F n D (x_b − x_c)/δ."""
    cell = numbers(patches=1, sodium=6.3e5, potassium=3.7e5, sheet=0.0, loss=0, width=0.0,
                   pseudo_capacitance=0.0, electrolyte=0.0)  # fmt: skip
    limit = cell[1][0] * (0.63 - 0.43646)
    for share, survives in ((0.999, True), (1.001, False)):
        engine = Engine(*cell, every=np.inf)
        why, _, _ = engine.advance(np.array([phase(share * limit, 1e3, limit=100.0)]))
        assert (why == march.DONE) is survives


def test_far_above_it_the_time_is_sands():
    """τ = π D (F n Δx)²/(4 i²) = π κ² τ_δ Δx²/(4 i²), with modes enough for so short a time."""
    cell = numbers(patches=1, sodium=6.3e5, potassium=3.7e5, sheet=0.0, loss=0, width=0.0,
                   pseudo_capacitance=0.0, double_layer=1e-11, electrolyte=0.0)  # fmt: skip
    drop = 0.63 - 0.43646
    for ratio in (10.0, 20.0):
        current = ratio * cell[1][0] * drop
        engine = Engine(*cell, accuracy=Accuracy(1e-4, modes=40), every=np.inf)
        why, samples, _ = engine.advance(np.array([phase(current, 10.0, limit=1e3)]))
        sand = np.pi * cell[1][0] ** 2 * cell[2][0] * drop**2 / (4 * current**2)
        assert why == march.LIMIT_VOLTAGE
        # Events are known to 0.2 ms; θ is still 7e-4 at that limit, 1.3e-3 of the time.
        assert samples[-1, march.TIME] == pytest.approx(sand, rel=2e-3, abs=2e-4)


@pytest.mark.parametrize("current", [0.3, -0.3])
def test_sodium_and_charge_are_conserved(current):
    """What is stripped is what flowed, and layer, deposit and bulk hold the rest."""
    engine = Engine(*numbers(patches=5), every=1.0)
    _, samples, _ = engine.advance(np.array([phase(current, 3000.0), phase(0.0, 500.0)]))
    assert engine.once[0] == pytest.approx(current * 3000 / 3600, rel=1e-13)
    sodium, potassium = engine.p[0], engine.p[1]
    metal = engine.state[:, engine.modes + 2].mean()
    bulk = samples[-1, march.BULK]
    liquid = bulk * potassium / (1 - bulk)
    assert liquid + metal + engine.once[0] == pytest.approx(sodium, rel=1e-13)


def test_the_layer_stores_what_its_flux_left():
    """∫ flux out of the layer is the fall of its store and what the bulk gave (slow way)."""
    cell = numbers(patches=1, loss=0, pseudo_capacitance=0.0)
    engine = Engine(*cell, accuracy=Accuracy(1e-6, modes=30), every=np.inf)
    engine.advance(np.array([phase(0.4, 500.0)]))
    # At steady state the profile is straight: half of κ·τ times the fall at the surface.
    fall = engine.state[0, :30].sum()
    store = cell[1][0] * cell[2][0] * (engine.state[0, :30] / engine.laws.rates).sum()
    assert fall == pytest.approx(0.4 / cell[1][0], rel=1e-4)
    assert store == pytest.approx(0.5 * cell[1][0] * cell[2][0] * fall * 2 / 3, rel=1e-3)


def test_a_finite_store_gives_what_it_holds():
    """Without another path, the charge up to a voltage is C_ps·2w·tanh(V/2w) + C_dl·V."""
    width, pseudo, bare = 0.05, 3e-3, 2e-6
    cell = numbers(
        patches=1, loss=0, electrolyte=0.0, charge_transfer=1e12, sheet=0.0,
        capacitance_power=0.0, capacitance_width=width, pseudo_capacitance=pseudo,
        double_layer=bare,
    )  # fmt: skip
    engine = Engine(*cell, accuracy=Accuracy(1e-5), every=np.inf)
    _, samples, _ = engine.advance(np.array([phase(0.05, 5.0)]))
    start, volt = samples[0, march.VOLT], samples[-1, march.VOLT]
    held = [1e3 * (2 * width * pseudo * np.tanh(v / (2 * width)) + bare * v) for v in (start, volt)]
    assert volt > 2 * width
    assert held[1] - held[0] == pytest.approx(0.05 * 5.0, rel=1e-3)


def test_thickness_and_diffusivity_scale_time_alone():
    """(D, δ) → (λD, λδ): steady V(I) stays, times grow by λ."""
    still = {"loss": 0, "pseudo_capacitance": 0.0, "double_layer": 1e-9}
    long = {}
    for stretch in (1.0, 4.0):
        engine = Engine(*numbers(stretch=stretch, **still), every=np.inf)
        _, rise, _ = engine.advance(np.array([phase(0.5, 0.5 * stretch)]))
        _, steady, _ = engine.advance(np.array([phase(0.5, 200.0)]))
        long[stretch] = rise[-1, march.VOLT], steady[-1, march.VOLT]
    assert long[4.0][1] == pytest.approx(long[1.0][1], abs=1e-4)
    assert long[4.0][0] == pytest.approx(long[1.0][0], abs=1e-4)


def test_without_spread_patches_are_one():
    volts = []
    for patches in (1, 6):
        engine = Engine(*numbers(patches=patches, spread=0.0), every=0.5)
        _, samples, _ = engine.advance(np.array([phase(0.5, 30.0), phase(0.0, 10.0)]))
        volts.append(samples[:, march.VOLT])
    assert np.allclose(volts[0], volts[1], rtol=0, atol=1e-9)


def test_patches_converge():
    """The voltage near the threshold comes closer with each doubling of the patches."""
    volts = {}
    for patches in (4, 8, 16, 32, 64, 128):
        engine = Engine(*numbers(patches=patches), accuracy=Accuracy(1e-4), every=np.inf)
        _, samples, _ = engine.advance(np.array([phase(0.7, 60.0)]))
        volts[patches] = samples[-1, march.VOLT]
    errors = [abs(volts[n] - volts[128]) for n in (4, 8, 16, 32)]
    assert all(later < earlier for earlier, later in itertools.pairwise(errors))
    assert errors[2] < 0.01 * volts[128]


def test_modes_converge_to_the_layer():
    volts = {}
    for modes in (2, 4, 8, 32):
        engine = Engine(*numbers(), accuracy=Accuracy(1e-5, modes=modes), every=np.inf)
        _, samples, _ = engine.advance(np.array([phase(1.0, 0.5)]))
        volts[modes] = samples[-1, march.VOLT]
    errors = [abs(volts[n] - volts[32]) for n in (2, 4, 8)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[1] < 1e-3


def test_states_stay_within_their_bounds():
    """Contact between none and all, no negative deposit, a filament that only grows."""
    engine = Engine(*numbers(patches=8, filament_current=0.5, filament_rate=1e-3), every=1.0)
    phases = np.array([phase(-0.5, 200.0), phase(0.8, 400.0), phase(0.0, 20.0)])
    last = 0.0
    for _ in range(5):
        engine.advance(phases)
        lost, metal = engine.state[:, engine.modes + 1], engine.state[:, engine.modes + 2]
        assert np.all((lost >= 0) & (lost < 1))
        assert np.all(metal >= 0)
        assert engine.once[1] >= last
        last = engine.once[1]


def test_the_same_input_gives_the_same_bits():
    phases = np.array([phase(0.9, 1.0), phase(0.0, 1.0)])
    runs = [Engine(*numbers(), every=0.1).advance(phases, 20)[1] for _ in range(2)]
    assert runs[0].tobytes() == runs[1].tobytes()


def test_one_long_run_is_many_short_ones():
    phases = np.array([phase(0.9, 1.0), phase(0.0, 1.0)])
    whole = Engine(*numbers(), accuracy=Accuracy(1e-5), every=0.1)
    whole.advance(phases, 30)
    parts = Engine(*numbers(), accuracy=Accuracy(1e-5), every=0.1)
    for _ in range(30):
        parts.advance(phases)
    assert np.allclose(whole.state, parts.state, rtol=0, atol=1e-6)
    assert parts.time == pytest.approx(60.0, rel=1e-12)
