"""Fitted circuits against SciPy's `curve_fit`, and against impedance.py 1.7.1 run apart."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.optimize import curve_fit
from scipy.special import stdtrit

from anodescope.bench.peers import ask
from anodescope.impedance.circuits.fit import fit_circuit
from tests.impedance.cells import with_noise
from tests.impedance.statistics_circuits import FREQUENCY, cells, chain_of

CASES = 12
PREPARE = "from impedance.models.circuits import CustomCircuit"
WORK = """
import time, warnings
warnings.simplefilter("ignore")
frequency, impedance, guesses = given["frequency"], given["impedance"], given["guess"]
found, errors, seconds = [], [], []
for row, guess in zip(impedance, guesses):
    begin = time.process_time()
    circuit = CustomCircuit("R0-p(R1,CPE1)-p(R2,CPE2)", initial_guess=list(guess))
    circuit.fit(frequency, row, weight_by_modulus=True)
    seconds.append(time.process_time() - begin)
    found.append(circuit.parameters_)
    errors.append(circuit.conf_)
result.update(found=np.array(found), errors=np.array(errors), seconds=np.array(seconds))
"""


def spectra() -> tuple[np.ndarray, np.ndarray]:
    truth, clean = cells(2, CASES, 17)
    return truth, with_noise(np.random.default_rng(17), clean, 0.003)


def zarcs(frequency: np.ndarray, *values: float) -> np.ndarray:
    """Written anew, so that it shares nothing with the package."""
    z = np.full(frequency.size, values[0], dtype=complex)
    for ohm, tau, n in zip(values[1::3], values[2::3], values[3::3], strict=True):
        z += ohm / (1 + (2j * np.pi * frequency * tau) ** n)
    return np.concatenate([z.real, z.imag])


def test_curve_fit_finds_the_same_minimum_and_the_same_intervals():
    truth, impedance = spectra()
    node = fit_circuit((FREQUENCY, impedance), chain_of(2))
    freedom = 2 * FREQUENCY.size - truth.shape[1]
    for row, z in enumerate(impedance):
        sigma = np.tile(np.abs(z), 2)
        data = np.concatenate([z.real, z.imag])
        best, covariance = curve_fit(
            zarcs, FREQUENCY, data, p0=truth[row], sigma=sigma, method="trf", x_scale=truth[row]
        )
        value, low, high = (node[key].values[row, :7] for key in ("value", "low", "high"))
        error = np.sqrt(np.diag(covariance))
        assert np.all(np.abs(value - best) < 1e-3 * error)
        half = stdtrit(freedom, 0.975) * error
        positive = np.array([not name.startswith("n_") for name in chain_of(2).names])
        width = np.where(positive, value * np.log(high / low) / 2, (high - low) / 2)
        inside = positive | (high < 1)
        assert np.allclose(width[inside], half[inside], rtol=0.02)


def test_impedance_py_finds_the_same_circuits_and_takes_longer():
    truth, impedance = spectra()
    ohm, tau, n = truth[:, 1::3], truth[:, 2::3], truth[:, 3::3]
    q = tau**n / ohm
    guess = np.column_stack([truth[:, 0], ohm[:, 0], q[:, 0], n[:, 0], ohm[:, 1], q[:, 1], n[:, 1]])
    given = {"frequency": FREQUENCY, "impedance": impedance, "guess": guess}
    peer = ask(("impedance",), PREPARE, WORK, given)
    if not peer.ran:
        assert peer.status == "not installed", peer.status
        pytest.skip("impedance.py is not installed in .venv-bench")
    assert peer.versions == ("1.7.1",)
    fit_circuit((FREQUENCY, impedance), chain_of(2))
    begin = time.process_time()
    node = fit_circuit((FREQUENCY, impedance), chain_of(2))
    ours = (time.process_time() - begin) / CASES
    names = node["name"].values.tolist()
    wanted = ["R0", "R_1", "Q_1", "n_1", "R_2", "Q_2", "n_2"]
    found = node["value"].values[:, [names.index(name) for name in wanted]]
    # It starts from the truth, and stops where curve_fit's default tolerances do.
    assert np.all(np.abs(found - peer.arrays["found"]) < 0.1 * peer.arrays["errors"])
    assert ours < np.median(peer.arrays["seconds"])
