"""Linearity: the theory of the amplitude against a harmonic balance, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.campaign import Campaign, build_node
from anodescope.errors import SettingsError
from anodescope.impedance import validate
from anodescope.impedance.validation.linearity import Linearity, thermal_voltage
from tests.impedance.butler_volmer import THERMAL, Interface, derivative

# So low that the double layer carries nothing, and the interface is all there is.
SLOW = np.array([1e-3])
GRID = np.logspace(5, -1, 37)


def spectra(count: int = 1, points: np.ndarray = GRID, **more) -> Campaign:
    shape = (count, points.size)
    z = np.broadcast_to(10 + 100 / (1 + 2e-3j * np.pi * points), shape)
    values = {
        "impedance": z,
        "frequency": np.broadcast_to(points, shape),
        "time": np.broadcast_to(np.cumsum(3 / points), shape),
        "valid": np.ones(shape, dtype=bool),
        "grid": np.zeros(count, dtype=int),
        "time_start": np.zeros(count),
        "time_end": np.full(count, (3 / points).sum()),
        "electrode": ["cell"] * count,
    }
    attrs = {"specimen": more.pop("specimen", {})}
    for name, value in more.items():
        per_point = np.ndim(value) == 0 and not isinstance(value, str)
        values[name] = np.full(shape, value) if per_point else value
    return Campaign({"spectra": build_node("spectra", values)}, attrs)


def said(campaign: Campaign, **settings) -> str:
    return str(validate(campaign, **settings).linear.values[0])


@pytest.mark.parametrize(
    ("alpha", "bias", "held", "error", "second", "third"),
    [
        (0.5, 0.0, "voltage", 1 / 32, 0.0, 1 / 96),
        (0.5, 0.0, "current", 1 / 32, 0.0, 1 / 96),
        (0.5, 12.0, "voltage", 0.25 / 8, 0.5 / 4, 0.25 / 24),
        (0.5, 12.0, "current", 0.25 / 4, 0.5 / 4, 0.25 / 12),
        (0.7, 12.0, "current", 0.49 / 4, 0.7 / 4, 0.49 / 12),
    ],
)
def test_the_table_of_the_docstring(alpha, bias, held, error, second, third):
    """Small amplitudes u: the error grows as u², the harmonics as u and u²."""
    u = 0.02
    slope = Interface(1.0, alpha, 1e-12, 1e-3, bias).slope(np.array(bias * THERMAL))
    cell = Interface(1 / float(slope), alpha, 1e-12, 1e-3, bias)
    z, _, thd = cell.respond(SLOW, u * THERMAL, held)
    linear = cell.linear(SLOW)
    assert abs(z[0] / linear[0] - 1) == pytest.approx(error * u**2, rel=0.02)
    assert thd[0] / 100 == pytest.approx(np.hypot(second * u, third * u**2), rel=0.02)


def test_the_derivative_is_exact_for_harmonics():
    theta = 2 * np.pi * np.arange(24) / 24
    assert np.allclose(derivative(24) @ np.sin(3 * theta), 3 * np.cos(3 * theta))


def test_the_number_is_the_peak_over_the_thermal_voltage():
    assert thermal_voltage(25.0) == pytest.approx(0.025693, rel=1e-4)
    found = validate(spectra(voltage_amplitude=0.01))
    assert float(found.linearity[0]) == pytest.approx(0.01 / 0.025693, rel=1e-4)
    assert "assumed" in found.attrs["temperature"]
    warm = validate(spectra(voltage_amplitude=0.01, specimen={"temperature_celsius": 60.0}))
    ratio = float(warm.linearity[0] / found.linearity[0])
    assert ratio == pytest.approx(298.15 / 333.15)
    assert warm.attrs["temperature"] == "60 °C, from the specimen"


def test_the_amplitude_of_the_current_stands_in():
    found = validate(spectra(current_amplitude=1e-4))
    z = np.abs(10 + 100 / (1 + 2e-3j * np.pi * GRID[-1]))
    assert float(found.linearity[0]) == pytest.approx(1e-4 * z / thermal_voltage(25.0))
    assert np.isnan(validate(spectra()).linearity).all()
    assert said(spectra()) == "not_decidable"


@pytest.mark.parametrize(
    ("technique", "millivolt", "expected"),
    [
        ("GEIS", 10.0, "consistent"),
        ("GEIS", 10.6, "not_decidable"),
        ("PEIS", 14.4, "consistent"),
        ("PEIS", 14.7, "not_decidable"),
        ("EIS", 10.6, "not_decidable"),
    ],
)
def test_the_limits_of_the_amplitude(technique, millivolt, expected):
    campaign = spectra(voltage_amplitude=millivolt / 1e3, technique=[technique])
    assert said(campaign) == expected


def test_only_harmonics_can_contradict():
    assert said(spectra(voltage_amplitude=0.5)) == "not_decidable"
    bent = spectra(voltage_amplitude=0.005, thd_voltage=6.0, technique=["GEIS"])
    assert said(bent) == "inconsistent"
    clean = spectra(voltage_amplitude=0.05, thd_voltage=0.2, technique=["GEIS"])
    assert said(clean) == "consistent"
    between = spectra(voltage_amplitude=0.05, thd_voltage=2.0, technique=["GEIS"])
    assert said(between) == "not_decidable"


def test_harmonics_of_what_is_held_and_of_noise_do_not_count():
    held = spectra(voltage_amplitude=0.005, thd_voltage=6.0, technique=["PEIS"])
    assert said(held) == "consistent"
    assert np.isnan(validate(held).distortion).all()
    noisy = spectra(voltage_amplitude=0.005, thd_voltage=6.0, nsr_voltage=20.0, technique=["GEIS"])
    assert said(noisy) == "consistent"
    spike = np.full((1, GRID.size), 0.1)
    spike[0, 7] = 9.0
    once = spectra(voltage_amplitude=0.005, thd_voltage=spike, technique=["GEIS"])
    assert said(once) == "consistent"
    assert float(validate(once).distortion[0]) == 9.0


@pytest.mark.parametrize("settings", [{"error": -1.0}, {"asymmetry": 0.0}, {"distortion": -1.0}])
def test_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(SettingsError, match=next(iter(settings))):
        Linearity(**settings)
