"""Circuits that are made of a distribution of relaxation times or of tracked peaks."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.bench.spectra import sets_a_and_b
from anodescope.campaign import Campaign, build_node, check
from anodescope.errors import SettingsError
from anodescope.impedance import drt
from anodescope.impedance.circuits.elements import (
    ZARC,
    Inductor,
    Resistor,
)
from anodescope.impedance.circuits.fit import fit_circuit
from anodescope.impedance.circuits.starting import circuit_from_peaks
from tests.impedance import statistics_circuits as statistics
from tests.impedance.two_zarcs import TRUE, TWO, F, noisy, numbers


@pytest.mark.parametrize("arcs", [1, 2, 3])
def test_without_a_circuit_there_are_as_many_arcs_as_the_series_has(arcs):
    circuit = statistics.chain_of(arcs)
    made = sets_a_and_b(300)["A"]
    columns = (made.resistance[250], made.centre[250], made.phi[250])
    own = np.stack(columns, axis=1)[:arcs].ravel()
    z = noisy(circuit, np.array([20.0, *own]), frequency=made.frequency, count=4)
    node = fit_circuit((made.frequency, z))
    assert node.attrs["circuit"] == repr(circuit)
    assert set(node["outcome"].values.tolist()) == {"converged"}


def test_an_inductance_is_fitted_where_there_is_one():
    z = noisy(TWO + Inductor("L"), {**TRUE, "L": 2e-6})
    node = fit_circuit((F, z))
    assert node.attrs["circuit"].startswith("R0 + L0 + ")
    assert numbers(node)["L0"] == pytest.approx(2e-6, rel=0.1)
    assert "L0" not in fit_circuit((F, noisy())).attrs["circuit"]


def campaign_of(z, **nodes) -> Campaign:
    count = len(z)
    start = 40.0 * np.arange(count)
    spectra = build_node(
        "spectra",
        {
            "impedance": z,
            "frequency": np.broadcast_to(F, z.shape),
            "time": start[:, None] + np.linspace(0, 35, F.size),
            "valid": np.ones(z.shape, dtype=bool),
            "grid": np.zeros(count, dtype=int),
            "time_start": start,
            "time_end": start + 35,
            "electrode": ["cell"] * count,
        },
    )
    return Campaign({"spectra": spectra, **nodes})


def peaks_of(tau, resistance, names):
    tau, resistance = np.array(tau, dtype=float), np.array(resistance, dtype=float)
    tracks = len(names)
    rows = [int(np.flatnonzero(np.isfinite(column))[0]) for column in tau.T]
    return build_node(
        "peaks",
        {
            "tau": tau,
            "resistance": resistance,
            "capacitance": tau / resistance,
            "frequency": 1 / (2 * np.pi * tau),
            "in_window": np.isfinite(tau),
            "name": names,
            "electrode": ["cell"] * tracks,
            "attribution": ["unknown"] * tracks,
            "basis": [""] * tracks,
            "birth": rows,
            "death": rows,
            "split_from": [-1] * tracks,
            "merged_into": [-1] * tracks,
        },
    )


def test_tracked_peaks_make_the_circuit_and_a_peak_that_is_absent_is_not_fitted():
    one = Resistor("R0") + ZARC("GB")
    z = np.concatenate(
        [noisy(one, {name: TRUE[name] for name in one.names}, count=2), noisy(count=2)]
    )
    tau = np.array([[np.nan, 1e-5], [np.nan, 1e-5], [2e-2, 1e-5], [2e-2, 1e-5]])
    ohm = np.where(np.isnan(tau), np.nan, [60.0, 100.0])
    peaks = peaks_of(tau, ohm, ["γ_int", "γ_GB"])
    node = fit_circuit(campaign_of(z, peaks=peaks))
    check("circuits", node)
    assert node.attrs["circuit"] == repr(TWO)
    assert set(node["outcome"].values.tolist()) == {"converged"}
    names = node["name"].values.astype(object)
    values = node["value"].values
    absent = [name.endswith("_int") for name in names]
    assert np.isnan(values[:2][:, absent]).all()
    assert np.isfinite(values[2:]).all()
    assert np.isfinite(values[:2][:, ~np.array(absent)]).all()
    assert values[:, names == "R_GB"].ravel() == pytest.approx([100] * 4, rel=0.05)


def test_labels_follow_the_names_of_the_peaks():
    tau = [[1e-6, 1e-4, 1e-2, 1.0, 10.0]]
    names = ["γ_GB", "γ'_int", "γ_int", "", "γ_int"]
    circuit = circuit_from_peaks(peaks_of(tau, np.ones((1, 5)), names), inductance=True)
    labels = [element.label for element in circuit.elements]
    assert labels == ["R0", "L0", "GB", "int2", "int", "p4", "intb"]
    with pytest.raises(SettingsError, match="no peak"):
        circuit_from_peaks(peaks_of(np.empty((1, 0)), np.empty((1, 0)), []))


def test_trimmed_points_are_left_out():
    z = noisy()
    spoilt = z.copy()
    spoilt[:, -6:] *= 1.5
    drifting = np.zeros(z.shape, dtype=bool)
    drifting[:, -6:] = True
    validation = build_node("validation", {**kept_verdict(z), "drifting": drifting})
    node = fit_circuit(campaign_of(spoilt, validation=validation), TWO)
    expected = fit_circuit((F[:-6], z[:, :-6]), TWO)
    assert np.allclose(node["value"].values, expected["value"].values, rtol=1e-6)
    assert np.isnan(node["fit"].values[:, -6:]).all()


def kept_verdict(z):
    one = np.zeros(len(z))
    return {
        "verdict": ["consistent"] * len(z),
        "kk_residual": one,
        "kk_elements": one.astype(int),
        "residual": np.zeros_like(z),
    }


def test_a_drt_that_is_there_is_used_and_one_of_other_rows_is_not():
    z = noisy(count=3)
    own = drt((F, z))
    plain = fit_circuit((F, z), TWO)
    assert fit_circuit(campaign_of(z, drt=own), TWO).identical(plain)
    assert fit_circuit(campaign_of(z, drt=own.isel(spectrum=[0])), TWO).identical(plain)
