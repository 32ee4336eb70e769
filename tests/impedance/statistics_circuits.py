"""How well `fit_circuit` finds random chains of ZARCs, measured.

    python -m tests.impedance.statistics_circuits --cases 200

Cells: R0 of 3 to 100 Ω and one to three ZARCs of 10 to 200 Ω with n of 0.75 to 0.98; τ inside the
window, 1 to 3 decades apart. 71 frequencies, 7 MHz to 0.1 Hz. The noise is white, a share of |Z| on
each part. A case is *missed* when its misfit is 1 % above that of a fit that starts from the
truth, and *off* when a resistance is wrong by more than a factor of two though it `converged`.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np

from anodescope.bench.spectra import zarc
from anodescope.impedance.circuits.elements import ZARC, Resistor
from anodescope.impedance.circuits.fit import fit_circuit
from tests.impedance.cells import with_noise

FREQUENCY = np.logspace(np.log10(7e6), -1, 71)
COUNTS = (1, 2, 3)
NOISES = (0.001, 0.003, 0.01)
QUANTITIES = ("R0", "R", "tau", "n")


@dataclass(frozen=True)
class Row:
    """One row of the table; shares are of cases, bias and spread of the fits that converged.

    Bias is the median of the error, spread half of what 68 % of the errors lie within, both in per
    cent of the true value, of resistances of ZARCs (R), time constants and exponents.
    """

    zarcs: int
    noise: float
    cases: int
    converged: float
    not_identifiable: float
    inconsistent: float
    missed: float
    off: float
    coverage: dict[str, float]
    coverage_all: float
    bias: dict[str, float]
    spread: dict[str, float]
    milliseconds: float


def cells(zarcs: int, cases: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return true values (cases, 1 + 3 zarcs), in the order of the circuit, and impedances."""
    generator = np.random.default_rng(seed)
    first, last = -np.log10(2 * np.pi * FREQUENCY[[0, -1]])
    truth, spectra = [], []
    for _ in range(cases):
        while True:
            gaps = generator.uniform(1, 3, zarcs - 1)
            begin = generator.uniform(first + 0.7, last - 0.7)
            exponents = begin + np.concatenate([[0], np.cumsum(gaps)])
            if exponents[-1] < last - 0.7:
                break
        ohm = 10 ** generator.uniform(1, 2.3, zarcs)
        n = generator.uniform(0.75, 0.98, zarcs)
        series = 10 ** generator.uniform(0.5, 2)
        parts = (zarc(FREQUENCY, *row) for row in zip(ohm, 10**exponents, n, strict=True))
        spectra.append(series + sum(parts))
        truth.append([series, *np.stack([ohm, 10**exponents, n], axis=1).ravel()])
    return np.array(truth), np.array(spectra)


def chain_of(zarcs: int):
    circuit = Resistor("R0")
    for rank in range(zarcs):
        circuit = circuit + ZARC(str(rank + 1))
    return circuit


def measure(zarcs: int, noise: float, cases: int, seed: int = 11, **settings: str) -> Row:
    """Fit `cases` random cells."""
    truth, clean = cells(zarcs, cases, seed + zarcs)
    z = with_noise(np.random.default_rng([seed, zarcs, int(1e4 * noise)]), clean, noise)
    begin = time.process_time()
    node = fit_circuit((FREQUENCY, z), chain_of(zarcs), **settings)
    seconds = time.process_time() - begin
    used = truth.shape[1]
    value, low, high = (node[key].values[:, :used] for key in ("value", "low", "high"))
    outcome = node["outcome"].values.astype(object)
    good = outcome == "converged"
    error = value / truth - 1
    inside = (low <= truth) & (truth <= high)
    resistances = error[:, 1::3]
    off = good & ((resistances > 1) | (resistances < -0.5)).any(axis=1)
    circuit = chain_of(zarcs)
    told = dict(zip(circuit.names, truth.T, strict=True))
    lowest = fit_circuit((FREQUENCY, z), circuit, start=told)["misfit"].values
    missed = node["misfit"].values > 1.01 * lowest
    columns = {"R0": [0], "R": slice(1, None, 3), "tau": slice(2, None, 3), "n": slice(3, None, 3)}
    quantiles = {
        key: np.quantile(error[good][:, at], [0.16, 0.5, 0.84]) for key, at in columns.items()
    }
    return Row(
        zarcs,
        noise,
        cases,
        float(np.mean(good)),
        float(np.mean(outcome == "not_identifiable")),
        float(np.mean(outcome == "inconsistent")),
        float(np.mean(missed)),
        float(np.mean(off)),
        {key: float(inside[good][:, at].mean()) for key, at in columns.items()},
        float(inside.mean()),
        {key: 100 * float(q[1]) for key, q in quantiles.items()},
        {key: 50 * float(q[2] - q[0]) for key, q in quantiles.items()},
        1e3 * seconds / cases,
    )


def table(rows: list[Row]) -> str:
    """Return the rows as Markdown."""
    head = [
        "ZARCs",
        "noise (%)",
        "cases",
        "missed",
        "off",
        "converged",
        "not ident.",
        "inconsistent",
    ]
    head += [f"coverage {key}" for key in QUANTITIES] + ["all"]
    head += [f"bias ± spread {key} (%)" for key in QUANTITIES] + ["ms"]
    lines = [head, ["---"] * len(head)]
    for row in rows:
        shares = (row.missed, row.off, row.converged, row.not_identifiable, row.inconsistent)
        cells = [str(row.zarcs), f"{100 * row.noise:g}", str(row.cases)]
        cells += [f"{share:.3f}" for share in shares]
        cells += [f"{row.coverage[key]:.3f}" for key in QUANTITIES] + [f"{row.coverage_all:.3f}"]
        cells += [f"{row.bias[key]:+.2f} ± {row.spread[key]:.2f}" for key in QUANTITIES]
        lines.append([*cells, f"{row.milliseconds:.1f}"])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--intervals", choices=("jacobian", "profile"), default="jacobian")
    given = parser.parse_args(arguments)
    rows = [
        measure(zarcs, noise, given.cases, intervals=given.intervals)
        for zarcs in COUNTS
        for noise in NOISES
    ]
    sys.stdout.write(table(rows) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
