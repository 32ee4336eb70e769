"""One map, all frequencies: by one Lanczos run where that can be, else frequency by frequency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from anodescope.contact import recycled, shifted
from anodescope.contact.face import Face, face_values, positive
from anodescope.contact.slab import Slab
from anodescope.errors import Cancelled, Outcome
from anodescope.running import Run

Array = np.ndarray[Any, np.dtype[Any]]

METHODS = ("auto", "shifted", "recycled")

# Steps at most. The hardest even film takes some √(thickness / pixel) of them.
_MOST = 4000
MOST_OF_ONE = 400


@final
@dataclass(frozen=True, slots=True)
class Electrolyte:
    """Conductivity κ (S/cm) and permittivity ε (F/cm): κ + iωε carries the current."""

    conductivity: float
    permittivity: float

    @classmethod
    def checked(cls, conductivity: Any, permittivity: Any) -> Electrolyte:
        """Return an electrolyte of numbers from outside.

        Raises
        ------
        SettingsError
            for a conductivity that is not above zero, or a permittivity below it.
        """
        return cls(
            positive("conductivity", conductivity, "S/cm"),
            float(face_values("permittivity", permittivity, ())),
        )

    def at(self, s: complex | float) -> complex | float:
        """Return κ + sε (S/cm) at s = iω (rad/s)."""
        return self.conductivity + s * self.permittivity


@final
@dataclass(frozen=True, slots=True)
class Answer:
    """What a solver found at each s.

    Attributes
    ----------
    impedance : (s,) Ω·cm².
    residual : (s,) Ω·cm².
    iterations : (s,).
    outcomes : of each s.
    method : "shifted" or "recycled".
    density : (s, y, x) current density over its mean; None where fields were not wanted.
    potential : (s, y, x) of the slab's face over the applied one; None likewise.
    """

    impedance: Array
    residual: Array
    iterations: Array
    outcomes: tuple[Outcome, ...]
    method: str
    density: Array | None
    potential: Array | None


def one_run_serves(face: Face, s: Array) -> bool:
    """Whether voids block and the film is one: what a shifted run needs."""
    return face.even_film and (face.blocked or not np.any(s))


def by_shifts(
    slab: Slab,
    face: Face,
    electrolyte: Electrolyte,
    s: Array,
    *,
    tolerance: float,
    fields: bool,
    run: Run,
) -> Answer:
    """Solve all s at once."""
    film = np.asarray([face.film_impedance(value) for value in s.tolist()], dtype=s.dtype)
    kappa = np.asarray([electrolyte.at(value) for value in s.tolist()], dtype=s.dtype)
    open_circuit = np.isinf(film) | (not face.contact.any())
    answer = _blank(slab, s, "shifted", fields)
    passes = ~open_circuit
    outcomes = np.full(s.shape, Outcome.no_contact)
    if np.any(passes):
        shifts = film[passes] * kappa[passes]
        family = shifted.solve(slab, face.contact, shifts, tolerance=tolerance, most=_MOST, run=run)
        answer.impedance[passes] = family.resistance / kappa[passes]
        answer.residual[passes] = family.missed * np.abs(answer.impedance[passes])
        answer.iterations[passes] = family.steps
        outcomes[passes] = [
            Outcome.converged if settled else Outcome.max_steps for settled in family.converged
        ]
        if answer.density is not None and answer.potential is not None:
            flow = shifted.currents(slab, face.contact, shifts, family)
            for row, current in zip(np.flatnonzero(passes), flow, strict=True):
                answer.density[row] = current / current.mean()
                reach = slab.reach if np.iscomplexobj(current) else slab.real_reach
                answer.potential[row] = slab.filtered(current, reach)
    return _with(answer, outcomes)


def one_by_one(
    slab: Slab,
    face: Face,
    electrolyte: Electrolyte,
    s: Array,
    *,
    tolerance: float,
    fields: bool,
    run: Run,
) -> Answer:
    """Solve each s by itself, from the highest frequency down."""
    answer = _blank(slab, s, "recycled", fields)
    outcomes = np.full(s.shape, Outcome.no_contact)
    applied = np.ones(slab.shape)
    kept: list[Array] = []
    order = np.argsort(-np.abs(s), kind="stable")
    for done, row in enumerate(order):
        run.progress("constriction", done, len(order))
        if run.cancelled():
            raise Cancelled(f"constriction: stopped after {done} of {len(order)} frequencies.")
        value = s[row].item()
        admittance = face.admittance(value)
        if not np.any(admittance):
            continue
        problem = recycled.Problem(slab, electrolyte.at(value), admittance, face.contact)
        found = recycled.solve(problem, applied, kept, tolerance=tolerance, most=MOST_OF_ONE)
        kept = [*kept, found.above][-recycled.KEPT :]
        answer.impedance[row] = 1.0 / found.mean
        answer.residual[row] = found.missed / abs(found.mean)
        answer.iterations[row] = found.steps
        outcomes[row] = _outcome(found)
        if answer.density is not None and answer.potential is not None:
            answer.density[row] = found.current / found.current.mean()
            answer.potential[row] = found.potential
    run.progress("constriction", len(order), len(order))
    return _with(answer, outcomes)


def _outcome(found: recycled.Solution) -> Outcome:
    if not found.converged:
        return Outcome.max_steps
    return Outcome.fallback if found.safe else Outcome.converged


def _blank(slab: Slab, s: Array, method: str, fields: bool) -> Answer:
    """An answer before anything is solved: open circuit everywhere."""
    maps = [np.full((len(s), *slab.shape), np.nan, dtype=s.dtype) for _ in range(2 * fields)]
    density, potential = maps or (None, None)
    return Answer(
        np.full(s.shape, np.inf, dtype=s.dtype),
        np.full(s.shape, np.nan),
        np.zeros(s.shape, dtype=np.int64),
        (),
        method,
        density,
        potential,
    )


def _with(answer: Answer, outcomes: Array) -> Answer:
    from dataclasses import replace

    return replace(answer, outcomes=tuple(outcomes.tolist()))
