"""Our side of the comparison of distributions; all of it runs in a process of its own.

What goes in and comes out has the same form as for the peers: rows of spectra padded with NaN, and
γ with its band at the relaxation times of the truth.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from anodescope.bench.metrics import read_off
from anodescope.bench.spectra import sets_a_and_b
from anodescope.errors import Outcome
from anodescope.impedance import DRTtools, drt
from anodescope.impedance.base import Method
from anodescope.impedance.loggp.bands import MOST_SPREAD, band
from anodescope.impedance.loggp.design import (
    CAPACITANCE,
    CLEAN,
    INDUCTANCE,
    SERIES,
    TAIL,
    Design,
    shared_design,
)
from anodescope.impedance.loggp.method import PER_DECADE, LogGaussian
from anodescope.impedance.loggp.problem import Solution, Terms
from anodescope.impedance.loggp.single import (
    Choice,
    choose,
    fit_single,
    legal,
    problem_of,
)
from anodescope.impedance.loggp.uncertainty import Uncertainty
from anodescope.workflow.scale import local_run

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Arrays = Mapping[str, npt.NDArray[Any]]

METHODS: Mapping[str, Method] = {
    "single": LogGaussian(joint=False),
    "joint": LogGaussian(),
    "drttools": DRTtools(),
}
# How the fit of a spectrum went, from the cheapest to the dearest.
PLAIN, TRIED, FITTED = 0, 1, 2
_TWO_SIGMA = 1.959963984540054


def measure(given: Arrays) -> dict[str, npt.ArrayLike]:
    """Invert spectra by one of our methods.

    Parameters
    ----------
    given : `method`, one of `METHODS`, and what `spectra.packed` returns.

    Returns
    -------
    gamma, low, high (N, T), failed (N,), seconds of the whole.
    """
    method = METHODS[str(given["method"])]
    source = (given["frequency"], given["impedance"])
    drt((source[0][:2], source[1][:2]), method)
    begin = time.process_time()
    node = drt(source, method)
    seconds = time.process_time() - begin
    ln_tau = np.log(node["tau"].values)
    wanted = [np.log(row[np.isfinite(row)]) for row in given["tau"]]
    found: dict[str, npt.ArrayLike] = {
        name: _at(ln_tau, node[variable].values, wanted, given["tau"].shape)
        for name, variable in (("gamma", "gamma"), ("low", "gamma_low"), ("high", "gamma_high"))
        if variable in node
    }
    good = node["outcome"].values.astype(object) == Outcome.converged.name
    return {**found, "failed": ~good, "whole": seconds}


def _at(
    ln_tau: Floats, rows: Floats, wanted: list[Floats], shape: tuple[int, ...]
) -> npt.NDArray[np.float64]:
    table = np.full(shape, np.nan)
    for row, values, at in zip(table, rows, wanted, strict=True):
        if np.isfinite(values).any():
            row[: at.size] = read_off(ln_tau, values, at)
    return table


def measure_singly(given: Arrays) -> dict[str, npt.ArrayLike]:
    """Time each spectrum by itself, with the matrices of its grid at hand; and ask the oracle.

    The oracle is the same fit with the noise of every point known.

    Returns
    -------
    seconds (N,), course (N,): `PLAIN`, `TRIED` or `FITTED`; loop and end (N,): whether those terms
    were kept; oracle, oracle_low, oracle_high, bare_low, bare_high (N, T): the oracle's γ, its band
    by the product's rule, and its bare posterior,
    which nothing was done to but that the spread of ln γ ends where the product's does.
    """
    count = len(given["frequency"])
    seconds, course = np.empty(count), np.empty(count, dtype=np.int64)
    loop, end = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    names = ("oracle", "oracle_low", "oracle_high", "bare_low", "bare_high")
    bands = {name: np.full(given["tau"].shape, np.nan) for name in names}
    for row in range(count):
        design, impedance, sigma = _row(given, row)
        if not row:
            fit_single(design, impedance)
        begin = time.process_time()
        choice = fit_single(design, impedance)
        band(Uncertainty.of(choice.solution), joint=False)
        seconds[row] = time.process_time() - begin
        terms = choice.solution.terms
        loop[row] = terms.signed
        end[row] = CAPACITANCE in terms.columns or TAIL in terms.columns
        tried = bool(set(choice.evidence) - {INDUCTANCE})
        course[row] = FITTED if loop[row] or end[row] else TRIED if tried else PLAIN
        tau = given["tau"][row]
        wanted = np.log(tau[np.isfinite(tau)])
        for name, values in oracle(design, impedance, sigma).items():
            bands[name][row, : wanted.size] = read_off(design.lattice.ln_tau, values, wanted)
    return {"seconds": seconds, "course": course, "loop": loop, "end": end, **bands}


def _row(given: Arrays, row: int) -> tuple[Design, Complexes, Floats]:
    there = np.isfinite(given["frequency"][row])
    frequency = np.ascontiguousarray(given["frequency"][row, there])
    design = shared_design(frequency.tobytes(), PER_DECADE)
    return design, given["impedance"][row, there], given["sigma"][row, there]


def oracle(design: Design, impedance: Complexes, sigma: Floats) -> dict[str, Floats]:
    """Fit one spectrum with its noise known, σ of each part (Ω), shape (F,).

    Returns
    -------
    oracle, oracle_low, oracle_high, bare_low, bare_high : on the design's lattice (Ω).
    """
    solution = _with_known_noise(design, impedance, sigma).solution
    known = Uncertainty.of(solution)
    bounds = band(known, joint=False)
    scale, gamma = solution.problem.scale, solution.gamma
    if solution.terms.signed:
        up = down = _TWO_SIGMA * np.sqrt(known.of_gamma(np.eye(gamma.size)))
    else:
        spread = _TWO_SIGMA * np.minimum(known.spread, MOST_SPREAD)
        up, down = gamma * np.expm1(spread), -gamma * np.expm1(-spread)
    found = (gamma, bounds.low, bounds.high, gamma - down, gamma + up)
    names = ("oracle", "oracle_low", "oracle_high", "bare_low", "bare_high")
    return {name: scale * values for name, values in zip(names, found, strict=True)}


def _with_known_noise(design: Design, impedance: Complexes, sigma: Floats) -> Choice:
    relative = np.tile(sigma / np.abs(impedance), 2)
    level = sqrt(float(np.mean(relative**2)))
    problem = problem_of(
        design, impedance, relative=relative / level, clean=level < CLEAN, known=level**2
    )
    plain: Solution = legal(problem.solve(Terms((SERIES, INDUCTANCE))))
    return choose(plain)


def measure_scale(given: Arrays) -> dict[str, npt.ArrayLike]:
    """Invert many spectra of set A with several threads; seconds are on the clock.

    Parameters
    ----------
    given : `method`, `count` and `workers`.

    Returns
    -------
    first : seconds of the first spectrum in this process, imports excluded; and seconds of all.
    """
    made = sets_a_and_b(int(given["count"]))["A"]
    method = METHODS[str(given["method"])]
    begin = time.perf_counter()
    drt((made.frequency, made.impedance[:1]), method)
    first = time.perf_counter() - begin
    drt((made.frequency, made.impedance[:20]), method)
    with local_run(int(given["workers"])) as run:
        begin = time.perf_counter()
        drt((made.frequency, made.impedance), method, run=run)
        seconds = time.perf_counter() - begin
    return {"first": first, "seconds": seconds}
