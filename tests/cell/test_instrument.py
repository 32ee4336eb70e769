"""The instrument: when it samples and measures, and the size of what it adds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodescope.cell.cell import Cell
from anodescope.cell.instrument import Instrument
from anodescope.cell.simulate import simulate
from anodescope.protocol import Block, Hold, Protocol, Rest, Sweep

MANY = 40_000
# The relative error of a standard deviation from n samples is 1/√(2n); 5 of them.
SPREAD = 5.0 / np.sqrt(2.0 * MANY)


def random(seed=0):
    return np.random.default_rng(seed)


def one(*steps):
    """A protocol of one block."""
    return Protocol((Block("unknown", steps, 1),))


# ------------------------------------------------------------------ silence
def test_a_silent_instrument_reads_what_is_there():
    quiet = Instrument(current_error=0.01).silent()
    assert quiet.quiet
    assert not Instrument().quiet
    assert not Instrument(voltage_noise=0.0, range_noise=0.0, current_error=0.01).quiet
    volt = np.linspace(-1.0, 3.0, 50)
    np.testing.assert_array_equal(quiet.measured_voltage(volt, random()), volt)
    np.testing.assert_array_equal(quiet.measured_current(volt, random()), volt)
    z = volt + 1j
    np.testing.assert_array_equal(quiet.measured_impedance(z, volt, volt, random()), z)


def test_silence_keeps_all_other_settings():
    meter = Instrument(sampling=0.3, voltage_step=0.01, periods=3.0, dwell=0.2, averaged=7)
    quiet = meter.silent()
    for name in ("sampling", "voltage_step", "periods", "dwell", "averaged", "ranges"):
        assert getattr(quiet, name) == getattr(meter, name)


# ------------------------------------------------------------------ noise
def test_noise_of_the_voltage_is_what_is_stated():
    read = Instrument(voltage_noise=1e-4).measured_voltage(np.full(MANY, 0.3), random())
    assert read.std() == pytest.approx(1e-4, rel=SPREAD)
    assert read.mean() == pytest.approx(0.3, abs=5e-4 / np.sqrt(MANY))


@pytest.mark.parametrize(
    ("current", "scale"),
    [(0.0, 1e-6), (1e-6, 1e-6), (1.01e-6, 1e-5), (-3e-4, 1e-3), (0.1, 0.1), (5.0, 0.1)],
)
def test_noise_of_the_current_is_that_of_the_smallest_range_that_holds_it(current, scale):
    """A current above all ranges is read in the largest."""
    meter = Instrument(range_noise=1e-5)
    read = meter.measured_current(np.full(MANY, current), random())
    assert read.std() == pytest.approx(1e-5 * scale, rel=SPREAD)


def test_an_error_of_the_ammeter_is_one_gain_and_shows_in_the_impedance_too():
    """An ammeter that reads 1 % too much makes every impedance 1 % too small."""
    meter = Instrument(voltage_noise=0.0, range_noise=0.0, current_error=0.01)
    current = np.array([-1e-3, 0.0, 1e-4])
    np.testing.assert_allclose(meter.measured_current(current, random()), 1.01 * current)
    z = np.array([100.0 - 20.0j])
    read = meter.measured_impedance(z, np.zeros(1), np.full(1, 1e-6), random())
    np.testing.assert_allclose(read, z / 1.01)


def test_noise_of_an_impedance_is_that_of_both_readings_over_the_amplitude():
    """σ|ΔZ/Z|² = (σ_i/ΔI)² + (σ_v/(|Z|ΔI))², over the number of averaged samples."""
    meter = Instrument(voltage_noise=3e-5, range_noise=1e-5, averaged=100)
    z, amplitude = np.full(MANY, 800.0 - 300.0j), np.full(MANY, 5e-6)
    read = meter.measured_impedance(z, np.full(MANY, 2e-4), amplitude, random())
    apart = read / z - 1.0
    expected = np.hypot(1e-5 * 1e-3 / 5e-6, 3e-5 / (abs(z[0]) * 5e-6)) / 10.0
    assert np.sqrt(np.mean(np.abs(apart) ** 2)) == pytest.approx(expected, rel=SPREAD)
    # As much in the real as in the imaginary part, and not together.
    assert apart.real.std() == pytest.approx(apart.imag.std(), rel=2 * SPREAD)
    assert abs(np.corrcoef(apart.real, apart.imag)[0, 1]) < 5.0 / np.sqrt(MANY)


def test_a_bias_brings_the_noise_of_its_range():
    """5 µA on 0.3 mA are read in the 1 mA range, a hundred times as noisy as the 10 µA range."""
    meter = Instrument(voltage_noise=0.0)
    z, amplitude = np.full(MANY, 1e3 + 0j), np.full(MANY, 5e-6)
    loud, calm = (
        (meter.measured_impedance(z, np.full(MANY, bias), amplitude, random()) - z).std()
        for bias in (3e-4, 0.0)
    )
    assert loud / calm == pytest.approx(100.0, rel=2 * SPREAD)


@given(st.integers(0, 2**63 - 1))
def test_the_same_seed_gives_the_same_noise(seed):
    meter, values = Instrument(), np.linspace(0.0, 1e-3, 7)
    for read in (meter.measured_voltage, meter.measured_current):
        np.testing.assert_array_equal(read(values, random(seed)), read(values, random(seed)))


# ------------------------------------------------------------------ times
@given(
    st.floats(0.1, 1e4),
    st.floats(1.0, 7e6),
    st.floats(1e-3, 0.9),
    st.integers(2, 200),
    st.floats(0.1, 10.0),
    st.floats(0.0, 1.0),
)
def test_points_come_in_order_and_fill_the_sweep(duration, high, ratio, points, periods, dwell):
    sweep = Sweep(duration, 0.1, f_max=high, f_min=high * ratio, points=points)
    times = Instrument(periods=periods, dwell=dwell).instants(sweep)
    assert times.shape == (points,)
    assert (np.diff(times, prepend=0.0) > 0.0).all()
    # The last point is read before the next step begins.
    assert (1.0 - 1e-3) * duration < times[-1] < duration


def test_low_frequencies_take_their_periods_and_high_ones_the_least_time():
    """The whole is stretched alike, so the ratios are those of the instrument."""
    sweep = Sweep(100.0, 0.1, f_max=1e6, f_min=0.1, points=8)
    long = np.diff(Instrument(periods=2.0, dwell=0.05).instants(sweep), prepend=0.0)
    f = sweep.frequencies()
    np.testing.assert_allclose(long / long[0], np.maximum(2.0 / f, 0.05) / 0.05, rtol=1e-9)


def test_what_a_sweep_states_goes_before_the_instruments_own():
    sweep = Sweep(200.0, 0.1, f_max=10.0, f_min=1.0, points=2, periods=10.0, minimum_time=2.0)
    long = np.diff(Instrument(periods=1.0, dwell=0.0).instants(sweep), prepend=0.0)
    assert long[1] / long[0] == pytest.approx(10.0 / 2.0)


# ------------------------------------------------------------------ in front of a cell
def test_a_run_has_the_noise_that_the_instrument_states():
    """The difference to the silent run, over many samples of a hold."""
    cell, meter = Cell.preset("NaK50"), Instrument(sampling=0.01)
    asked = one(Hold(0.3, 100.0))
    silent = simulate(cell, asked, instrument=meter.silent())["timeseries"]
    noisy = simulate(cell, asked, instrument=meter, seed=4)["timeseries"]
    volt = (noisy["voltage"] - silent["voltage"]).to_numpy()
    current = (noisy["current"] - silent["current"]).to_numpy()
    wide = 5.0 / np.sqrt(2.0 * volt.size)
    assert volt.std() == pytest.approx(meter.voltage_noise, rel=wide)
    # 0.3 mA/cm² on 0.385 cm² are 0.115 mA: the 1 mA range.
    assert current.std() == pytest.approx(meter.range_noise * 1e-3, rel=wide)


def test_samples_come_at_the_stated_times_and_where_the_voltage_jumps():
    cell = Cell.preset("NaK50")
    asked = one(Hold(1.0, 2.0), Rest(2.0))
    plain, eager = (
        simulate(cell, asked, instrument=Instrument(voltage_step=jump).silent())["timeseries"]
        for jump in (np.inf, 2e-3)
    )
    step = plain["step"].to_numpy()
    for k, begin in ((0, 0.0), (1, 2.0)):
        expected = begin + np.append(np.arange(0.0, 2.0 - 1e-9, 0.1), 2.0)
        np.testing.assert_allclose(plain["time"].to_numpy()[step == k], expected, atol=1e-9)
    assert eager.sizes["time"] > plain.sizes["time"]
    # Between two samples of one phase there is never much more than the step asked for: twice, as
    # the march looks once per step of its own.
    inside = np.diff(eager["step"].to_numpy()) == 0
    largest = np.abs(np.diff(eager["voltage"].to_numpy()))[inside].max()
    assert largest < np.abs(np.diff(plain["voltage"].to_numpy()))[np.diff(step) == 0].max()


def test_a_coarse_instrument_sees_the_same_cell():
    """Sampling decides what is written down, not what the cell does (but for the march's steps)."""
    cell = Cell.preset("NaK50")
    asked = one(Hold(0.8, 100.0), Rest(10.0))
    fine, coarse = (
        simulate(cell, asked, instrument=Instrument(sampling=every).silent())["timeseries"]
        for every in (0.05, 10.0)
    )
    shared = np.interp(coarse["time"], fine["time"], fine["voltage"])
    inside = coarse["time"].to_numpy() != 100.0  # The jump has two values.
    assert 2 * inside.sum() > inside.size
    # The tolerance of a step is 1 % of 20 mV.
    np.testing.assert_allclose(coarse["voltage"].to_numpy()[inside], shared[inside], atol=1e-3)
