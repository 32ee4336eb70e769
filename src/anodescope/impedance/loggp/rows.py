"""One row of the drt node: a fitted spectrum in the units and with the names that a node has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.errors import Outcome
from anodescope.impedance.lattice import Lattice, in_window
from anodescope.impedance.loggp.bands import band
from anodescope.impedance.loggp.design import (
    CAPACITANCE,
    INDUCTANCE,
    SERIES,
    TAIL,
    Design,
)
from anodescope.impedance.loggp.problem import FLAT, Solution
from anodescope.impedance.loggp.single import Choice
from anodescope.impedance.loggp.spreads import spreads
from anodescope.impedance.loggp.uncertainty import Uncertainty
from anodescope.impedance.tikhonov import solve_drttools

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

# The order of `evidence` along its dimension `term`.
TERMS = (INDUCTANCE, CAPACITANCE, TAIL, "loop")
# Root mean square of the residual over |Z| from which it is asked whether it is noise, and how many
# σ of noise the correlation of neighbours must be for it not to be.
GROSS, SYSTEMATIC = 0.05, 5.0


@final
@dataclass(frozen=True, slots=True)
class Row:
    """What comes out for one row (units of the drt node)."""

    lattice: Lattice
    gamma: Floats
    low: Floats
    high: Floats
    numbers: dict[str, float]
    evidence: Floats
    fit: Complexes
    outcome: Outcome
    maximum_spread: Floats
    area_spread: Floats


def spread_out(row: Row, there: npt.NDArray[np.bool_]) -> Row:
    """Put the fit of the points that exist where they stand."""
    if there.all():
        return row
    fit = np.full(there.size, complex(np.nan, np.nan))
    fit[there] = row.fit
    return replace(row, fit=fit)


def described_row(design: Design, choice: Choice, measured: Complexes, *, joint: bool) -> Row:
    """Return what a node holds of one fitted spectrum.

    Parameters
    ----------
    measured : the spectrum itself (Ω), for the method that never fails; shape (F,).
    joint : the solution is that of a smoothed spectrum.
    """
    solution = choice.solution
    scale = solution.problem.scale
    gamma = solution.gamma * scale
    known = Uncertainty.of(solution)
    bounds = band(known, joint=joint)
    tops = spreads(known, bounds, joint=joint)
    terms = solution.terms
    numbers = {
        "series_resistance": 0.0,
        "inductance": 0.0,
        "inductance_exponent": terms.rise,
        "series_capacitance": np.inf,
        "tail": 0.0,
        "tail_exponent": np.nan,
        **_resistance(known, gamma),
    }
    fit = scale * (design.response @ solution.positive)
    if terms.loops:
        sizes = solution.coefficients[len(terms.columns) :] * scale
        fit = fit + design.loop_columns(terms.loops) @ sizes
    for name, coefficient in zip(terms.columns, solution.coefficients * scale, strict=False):
        fit = fit + coefficient * design.column(name, terms.power(name))
        size = float(coefficient) * design.unit(name, terms.power(name))
        if name == CAPACITANCE:
            numbers["series_capacitance"] = 1 / size if size > 0 else np.inf
        else:
            numbers["series_resistance" if name == SERIES else name] = size
        if name == TAIL:
            numbers["tail_exponent"] = terms.exponent
    row = Row(
        design.lattice,
        gamma,
        bounds.low * scale,
        bounds.high * scale,
        numbers,
        np.array([choice.evidence.get(name, np.nan) for name in TERMS]),
        fit,
        _outcome(solution, (measured - fit) / np.abs(measured)),
        tops.place,
        tops.area * scale,
    )
    return row if np.isfinite(gamma).all() else _fallback(design, measured, row)


def _resistance(known: Uncertainty, gamma: Floats) -> dict[str, float]:
    """The integral of γ (Ω), how well it is known, and the share of it that is extrapolated."""
    design, scale = known.solution.problem.design, known.solution.problem.scale
    step, tau = design.lattice.step, design.lattice.tau
    whole = known.of_gamma(np.full((1, gamma.size), step))[0]
    inside = in_window(tau, design.frequency[-1:], design.frequency[:1])[0]
    outside = np.abs(gamma[~inside]).sum()
    return {
        "polarisation_resistance": float(gamma.sum() * step),
        "polarisation_spread": scale * float(np.sqrt(whole)),
        "outside": float(outside / max(np.abs(gamma).sum(), 1e-300)),
    }


def _outcome(solution: Solution, residual: Complexes) -> Outcome:
    """Tell how a fit came out.

    Parameters
    ----------
    residual : over |Z|, in order of frequency; NaN where nothing was measured; shape (F,).
    """
    parts = np.stack([residual.real, residual.imag])
    parts = parts[:, np.isfinite(parts[0])]
    square = float(np.square(parts).sum())
    if square > GROSS**2 * parts[0].size:
        # Noise has no memory along frequency: the correlation of neighbours is N(0, 1/N).
        memory = float((parts[:, 1:] * parts[:, :-1]).sum()) / square
        if memory * sqrt(parts.size) > SYSTEMATIC:
            return Outcome.not_described
    good = solution.settled and solution.decrement < FLAT
    return Outcome.converged if good else Outcome.max_steps


def _fallback(design: Design, measured: Complexes, row: Row) -> Row:
    """Non-negative Tikhonov in place of a fit that broke down; it always has an answer."""
    lattice, fit = solve_drttools(design.frequency, measured[None, :])
    nothing = np.full(design.lattice.size, np.nan)
    numbers = dict(
        row.numbers,
        series_resistance=float(fit.series_resistance[0]),
        inductance=float(fit.inductance[0]),
        polarisation_resistance=float(fit.polarisation_resistance[0]),
    )
    place = np.interp(design.lattice.ln_tau, lattice.ln_tau, fit.gamma[0])
    return Row(
        design.lattice,
        np.asarray(place),
        nothing,
        nothing,
        numbers,
        row.evidence,
        fit.fit[0],
        Outcome.fallback,
        nothing,
        nothing,
    )
