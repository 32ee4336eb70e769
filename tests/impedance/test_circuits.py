"""Circuits as objects: laws of series and parallel, limits, scaling, causality, derivatives."""

from __future__ import annotations

from itertools import pairwise
from math import pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodescope.errors import SettingsError
from anodescope.impedance import validate
from anodescope.impedance.circuits.composition import Circuit, Parallel, Series
from anodescope.impedance.circuits.elements import (
    CPE,
    ZARC,
    Capacitor,
    Gerischer,
    Inductor,
    Resistor,
    Warburg,
    WarburgOpen,
    WarburgShort,
    brug_capacitance,
    capacitance,
    constant_phase,
)
from anodescope.impedance.circuits.parameters import Exponent, Positive

F = np.logspace(7, -2, 46)
KINDS = (
    Resistor,
    Capacitor,
    Inductor,
    CPE,
    ZARC,
    Warburg,
    WarburgShort,
    WarburgOpen,
    Gerischer,
)
# How a parameter changes when every impedance of a circuit is multiplied by a.
POWER = {"Ω": 1, "H": 1, "Ω·s^-1/2": 1, "F": -1, "S·s^n": -1, "s": 0, "1": 0}


def values_of(circuit: Circuit, generator: np.random.Generator) -> np.ndarray:
    """Random values: elements of 1 to 1e4 Ω about frequencies inside the window."""
    ohm = 10 ** generator.uniform(0, 4, len(circuit.elements))
    omega = 2 * pi * 10 ** generator.uniform(-1, 6, len(circuit.elements))
    found = [
        value
        for element, size, at in zip(circuit.elements, ohm, omega, strict=True)
        for value in element.typical(size, at)
    ]
    steep = generator.uniform(0.6, 0.99)
    names = zip(circuit.parameters, found, strict=True)
    return np.array([steep if isinstance(p, Exponent) else value for p, value in names])


# Leaves are numbered afterwards, so that no two share a label.
shapes = st.recursive(
    st.sampled_from(KINDS),
    lambda inner: st.tuples(st.sampled_from("+|"), st.lists(inner, min_size=2, max_size=3)),
    max_leaves=6,
)


def built(shape, counter: list[int]) -> Circuit:
    if isinstance(shape, type):
        counter[0] += 1
        return shape(f"x{counter[0]}")
    parts = [built(part, counter) for part in shape[1]]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part if shape[0] == "+" else whole | part
    return whole


circuits = shapes.map(lambda shape: built(shape, [0]))
seeds = st.integers(0, 2**32 - 1)


# laws


@given(circuits, circuits, seeds)
def test_series_adds_impedances_and_parallel_adds_admittances(one, other, seed):
    other = relabelled(other)
    generator = np.random.default_rng(seed)
    a, b = values_of(one, generator), values_of(other, generator)
    both = np.concatenate([a, b])
    za, zb = one.impedance(F, a), other.impedance(F, b)
    assert np.allclose((one + other).impedance(F, both), za + zb, rtol=1e-12)
    assert np.allclose((one | other).impedance(F, both), za * zb / (za + zb), rtol=1e-9)


def relabelled(circuit: Circuit) -> Circuit:
    if isinstance(circuit, Series | Parallel):
        return type(circuit)(tuple(relabelled(part) for part in circuit.parts))
    return type(circuit)(f"{circuit.label}'")


@given(circuits, seeds, st.floats(1e-3, 1e3))
def test_scaling_the_impedance_scales_resistances_up_and_capacitances_down(circuit, seed, a):
    values = values_of(circuit, np.random.default_rng(seed))
    power = np.array([POWER[p.unit] for p in circuit.parameters])
    scaled = circuit.impedance(F, values * a**power)
    assert np.allclose(scaled, a * circuit.impedance(F, values), rtol=1e-9)


@given(circuits, seeds)
def test_a_circuit_of_passive_elements_is_passive(circuit, seed):
    z = circuit.impedance(F, values_of(circuit, np.random.default_rng(seed)))
    assert np.all(z.real >= -1e-9 * np.abs(z))


def assert_derivatives_are_right(circuit: Circuit, values: np.ndarray) -> None:
    analytic = circuit.derivatives(F, values)
    for k, parameter in enumerate(circuit.parameters):
        step = 1e-4 * values[k] * (1 - values[k] if isinstance(parameter, Exponent) else 1)
        shift = np.eye(values.size)[k] * step
        z = {n: circuit.impedance(F, values + n * shift) for n in (-2, -1, 0, 1, 2)}
        # Fourth order, so that a step of 1e-4 leaves hardly more than rounding.
        numeric = (8 * (z[1] - z[-1]) - (z[2] - z[-2])) / (12 * step)
        error = np.abs(numeric - analytic[:, k])
        assert np.all(error <= 1e-8 * np.abs(analytic[:, k]) + 1e-13 * np.abs(z[0]) / step)


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives_are_those_of_finite_differences(kind):
    generator = np.random.default_rng(3)
    for _ in range(5):
        assert_derivatives_are_right(kind("x"), values_of(kind("x"), generator))


# An inductor beside a capacitor resonates without loss, too sharply for finite differences.
@given(circuits.filter(lambda c: not any(isinstance(e, Inductor) for e in c.elements)), seeds)
def test_derivatives_of_composed_circuits_are_those_of_finite_differences(circuit, seed):
    assert_derivatives_are_right(circuit, values_of(circuit, np.random.default_rng(seed)))


def test_coordinates_and_values_are_each_others_inverse_and_slopes_their_derivatives():
    u = np.linspace(-6, 6, 25)
    for parameter in (Positive("R", "Ω"), Exponent("n", "1", low=1e-4)):
        value = parameter.value(u)
        assert np.allclose(parameter.coordinate(value), u)
        numeric = (parameter.value(u + 1e-6) - parameter.value(u - 1e-6)) / 2e-6
        assert np.allclose(parameter.slope(value), numeric, rtol=1e-6)
    assert Exponent("n", "1").value(np.array([40.0]))[0] == 1.0


@pytest.mark.parametrize(
    "circuit",
    [
        Resistor("R0") + Inductor("L0") + ZARC("GB") + ZARC("int"),
        Resistor("R0") + (Resistor("ct") + WarburgShort("d") | CPE("dl")),
        Resistor("R0") + Gerischer("g") + (Resistor("a") | Capacitor("b")),
        Resistor("R0") + ZARC("GB") + WarburgOpen("d"),
    ],
)
def test_circuits_fulfil_the_kramers_kronig_relations(circuit):
    generator = np.random.default_rng(5)
    z = np.array([circuit.impedance(F, values_of(circuit, generator)) for _ in range(10)])
    assert set(validate((F, z)).verdict.values.tolist()) == {"consistent"}


# limits


def test_an_rc_is_a_zarc_of_exponent_one_and_an_r_cpe_is_a_zarc():
    ohm, tau = 120.0, 3e-4
    rc = Resistor("R") | Capacitor("C")
    zarc = ZARC("x")
    one = rc.impedance(F, {"R": ohm, "C": tau / ohm})
    assert np.allclose(one, zarc.impedance(F, (ohm, tau, 1.0)), rtol=1e-12)
    q = constant_phase(ohm, tau, 0.83)
    other = (Resistor("R") | CPE("x")).impedance(F, {"R": ohm, "Q_x": q, "n_x": 0.83})
    assert np.allclose(other, zarc.impedance(F, (ohm, tau, 0.83)), rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "values", "slow", "fast"),
    [
        (ZARC, (50.0, 1e-3, 0.9), 50.0, 0.0),
        (WarburgShort, (50.0, 1e-3), 50.0, 0.0),
        (Gerischer, (50.0, 1e-3), 50.0, 0.0),
        (Resistor, (50.0,), 50.0, 50.0),
        (Inductor, (1e-6,), 0.0, np.inf),
        (Capacitor, (1e-6,), np.inf, 0.0),
        (CPE, (1e-6, 0.8), np.inf, 0.0),
        (Warburg, (5.0,), np.inf, 0.0),
        (WarburgOpen, (50.0, 1e-3), np.inf, 0.0),
    ],
)
def test_limits_of_low_and_high_frequency(kind, values, slow, fast):
    low, high = np.abs(kind("x").impedance(np.array([1e-15, 1e20]), values))
    for found, limit in ((low, slow), (high, fast)):
        if np.isinf(limit):
            assert found > 1e6
        else:
            assert found == pytest.approx(limit, rel=1e-6, abs=1e-4)


def test_finite_diffusion_begins_as_semi_infinite_and_ends_as_a_capacity_or_a_resistance():
    ohm, tau = 40.0, 10.0
    fast, slow = np.array([1e5]), np.array([1e-6])
    warburg = Warburg("x").impedance(fast, (ohm / np.sqrt(2 * tau),))
    for kind in (WarburgOpen, WarburgShort):
        assert np.allclose(kind("x").impedance(fast, (ohm, tau)), warburg, rtol=1e-9)
    blocked = WarburgOpen("x").impedance(slow, (ohm, tau))[0]
    assert blocked.real == pytest.approx(ohm / 3, rel=1e-6)
    assert blocked.imag == pytest.approx(-1 / (2 * pi * slow[0] * tau / ohm), rel=1e-6)


def test_a_cpe_has_the_phase_of_its_exponent():
    z = CPE("x").impedance(F, (1e-5, 0.7))
    assert np.allclose(np.angle(z), -0.7 * pi / 2)


def test_effective_capacitances_agree_where_the_phase_element_is_a_capacitor():
    ohm, tau = 200.0, 1e-4
    assert capacitance(ohm, tau) == pytest.approx(tau / ohm)
    assert brug_capacitance(ohm, tau, 1.0, 30.0) == pytest.approx(tau / ohm)
    # Without a resistance in series to share the current, a surface is like a layer.
    assert brug_capacitance(ohm, tau, 0.8, 1e15) == pytest.approx(capacitance(ohm, tau))
    assert brug_capacitance(ohm, tau, 0.8, 30.0) < capacitance(ohm, tau)


# how they are written


def test_a_circuit_is_written_as_people_write_it():
    circuit = Resistor("R0") + Inductor("L0") + (Resistor("ct") + Warburg("W") | CPE("dl"))
    assert repr(circuit) == "R0 + L0 + ((R_ct + W)‖CPE_dl)"
    assert circuit.names == ("R0", "L0", "R_ct", "sigma_W", "Q_dl", "n_dl")
    assert repr(Resistor("R0") + ZARC("GB")) == "R0 + (R_GB‖CPE_GB)"
    assert ZARC("GB").names == ("R_GB", "tau_GB", "n_GB")
    assert [p.unit for p in circuit.parameters] == ["Ω", "H", "Ω", "Ω·s^-1/2", "S·s^n", "1"]


def test_sums_are_flat_and_equal_when_their_parts_are():
    a, b, c = Resistor("R0"), ZARC("GB"), ZARC("int")
    assert (a + b) + c == a + (b + c) == Series((a, b, c))
    assert (a | b) | c == Parallel((a, b, c))
    assert a + b != b + a


def test_many_spectra_are_evaluated_at_once():
    circuit = Resistor("R0") + ZARC("x")
    table = {"R0": 5.0, "R_x": np.array([10.0, 20.0]), "tau_x": 1e-3, "n_x": 0.9}
    both = circuit.impedance(F, table)
    assert both.shape == (2, F.size)
    for row, ohm in enumerate((10.0, 20.0)):
        assert np.array_equal(both[row], circuit.impedance(F, {**table, "R_x": ohm}))
    assert circuit.derivatives(F, table).shape == (2, F.size, 4)


# bad input


def test_what_cannot_be_a_circuit_is_refused_in_one_sentence():
    with pytest.raises(SettingsError, match="at least one element"):
        Series(())
    with pytest.raises(SettingsError, match="at least one element"):
        Parallel(())
    with pytest.raises(SettingsError, match="share the parameter R0"):
        Resistor("R0") + (Resistor("R0") | Capacitor("C"))
    with pytest.raises(SettingsError, match=r"Label of a ZARC.*''"):
        ZARC("")
    with pytest.raises(SettingsError, match="Range of R"):
        Positive("R", "Ω", low=2.0, high=1.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"R0": 1.0}, "R_x, tau_x, n_x missing"),
        ({"R0": 1.0, "R_x": 1.0, "tau_x": 1.0, "n_x": 1.0, "C": 1.0}, "no parameter 'C'"),
        ((1.0, 2.0), "expected 4 numbers"),
        ((1.0, 2.0, 3.0, 1.5), "n_x: expected positive numbers, at most 1"),
        ((1.0, -2.0, 3.0, 0.5), "R_x: expected positive numbers, finite"),
        ((1.0, np.nan, 3.0, 0.5), "R_x: expected positive"),
    ],
)
def test_values_that_do_not_fit_are_refused(values, message):
    with pytest.raises(SettingsError, match=message):
        (Resistor("R0") + ZARC("x")).impedance(F, values)


@pytest.mark.parametrize("frequency", [[0.0, 1.0], [-1.0], [np.nan], [[1.0, 2.0]]])
def test_frequencies_that_do_not_fit_are_refused(frequency):
    with pytest.raises(SettingsError, match="frequency"):
        Resistor("R0").impedance(frequency, (1.0,))


def test_there_are_as_many_parameters_as_quantities():
    for one, other in pairwise([kind("x") for kind in KINDS]):
        circuit = one + relabelled(other)
        count = len(one.quantities) + len(other.quantities)
        assert len(circuit.parameters) == len(set(circuit.names)) == count
