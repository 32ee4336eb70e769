"""One map, all frequencies: by one Lanczos run where that can be, else frequency by frequency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from anodescope.contact import recycled, shifted
from anodescope.contact.face import Face, face_values, plain, positive
from anodescope.contact.slab import Slab
from anodescope.errors import Cancelled, Outcome, SettingsError
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
    beyond : (s,) Ω·cm², the impedance less that of the slab under even current.
    residual : (s,) Ω·cm².
    iterations : (s,).
    outcomes : of each s.
    method : "shifted" or "recycled".
    density : (s, y, x) current density over its mean; None where fields were not wanted.
    potential : (s, y, x) of the slab's face over the applied one; None likewise.
    """

    beyond: Array
    residual: Array
    iterations: Array
    outcomes: tuple[Outcome, ...]
    method: str
    density: Array | None
    potential: Array | None


def laplace(frequency: Any) -> Array:
    """Return s = iω (rad/s) of each frequency; real zero for direct current.

    Raises
    ------
    SettingsError
        for what is not one frequency or a list of them, finite and 0 or more.
    """
    if frequency is None:
        return np.zeros(1)
    values = plain("frequency", frequency)
    if (
        values.dtype.kind not in "iuf"
        or values.ndim > 1
        or values.size == 0
        or not np.all(np.isfinite(values) & (values >= 0.0))
    ):
        raise SettingsError(
            "frequency: expected one number or a list of them, 0 or more (Hz), or None for direct "
            f"current, found {frequency!r:.80}."
        )
    return np.asarray(2j * np.pi * np.atleast_1d(values).astype(float))


def checked_tolerance(tolerance: Any) -> float:
    """Return a tolerance that double precision can meet.

    Raises
    ------
    SettingsError
        for one outside 1e-12 to 1e-2.
    """
    number = positive("tolerance", tolerance, "1")
    if not 1e-12 <= number <= 1e-2:
        raise SettingsError(f"tolerance: expected 1e-12 to 1e-2, found {number:g}.")
    return number


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
    passes = ~np.isinf(film) if face.contact.any() else np.zeros(s.shape, dtype=bool)
    answer = _blank(slab, s, "shifted", fields)
    outcomes = np.full(s.shape, Outcome.no_contact)
    if face.contact.all():
        _even_current(slab, answer, passes, film, kappa)
        outcomes[passes] = Outcome.converged
    elif np.any(passes):
        shifts = film[passes] * kappa[passes]
        family = shifted.solve(slab, face.contact, shifts, tolerance=tolerance, most=_MOST, run=run)
        answer.beyond[passes] = family.resistance / kappa[passes]
        answer.residual[passes] = family.missed * np.abs(answer.beyond[passes])
        answer.iterations[passes] = family.steps
        outcomes[passes] = [
            Outcome.converged if settled else Outcome.max_steps for settled in family.converged
        ]
        if fields:
            flow = shifted.currents(slab, face.contact, shifts, family)
            for row, current in zip(np.flatnonzero(passes), flow, strict=True):
                reach = slab.reach if np.iscomplexobj(current) else slab.real_reach
                uneven = slab.filtered(current.copy(), reach)
                _keep_maps(answer, int(row), current, uneven, slab.thickness)
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
    kept: list[recycled.Solution] = []
    order = np.argsort(-np.abs(s), kind="stable")
    for done, row in enumerate(order):
        run.progress("constriction", done, len(order))
        if run.cancelled():
            raise Cancelled(f"constriction: stopped after {done} of {len(order)} frequencies.")
        value = s[row].item()
        admittance = face.admittance(value)
        kappa = electrolyte.at(value)
        if np.all(np.isinf(admittance)):
            here = np.arange(len(s)) == row
            _even_current(slab, answer, here, np.zeros_like(s), np.full(s.shape, kappa))
            outcomes[row] = Outcome.converged
        elif np.any(admittance):
            problem = recycled.Problem(slab, kappa, admittance, face.contact)
            found = recycled.solve(problem, applied, kept, tolerance=tolerance, most=MOST_OF_ONE)
            kept = [*kept, found][-recycled.KEPT :]
            answer.beyond[row] = 1.0 / found.mean
            answer.residual[row] = found.missed / abs(found.mean)
            answer.iterations[row] = found.steps
            outcomes[row] = outcome_of(found)
            _keep_maps(answer, int(row), found.current, found.potential, slab.thickness / kappa)
    run.progress("constriction", len(order), len(order))
    return _with(answer, outcomes)


def _even_current(slab: Slab, answer: Answer, rows: Array, film: Array, kappa: Array) -> None:
    """Fill in what one film below a whole face makes: current that is even everywhere."""
    answer.beyond[rows] = film[rows]
    answer.residual[rows] = 0.0
    if answer.density is not None and answer.potential is not None:
        even = slab.thickness / kappa[rows]
        answer.density[rows] = 1.0
        answer.potential[rows] = (even / (even + film[rows]))[:, None, None]


def _keep_maps(answer: Answer, row: int, current: Array, uneven: Array, even: Any) -> None:
    """Keep the maps of one s: potential = that of uneven current + that of the mean, over all."""
    if answer.density is None or answer.potential is None:
        return
    mean = current.mean()
    answer.density[row] = current / mean
    answer.potential[row] = (uneven + even * mean) / (1.0 + even * mean)


def outcome_of(found: recycled.Solution) -> Outcome:
    """Return how a solve ended."""
    if not found.converged:
        return Outcome.max_steps
    return Outcome.fallback if found.safe else Outcome.converged


def _blank(slab: Slab, s: Array, method: str, fields: bool) -> Answer:
    """An answer before anything is solved: open circuit everywhere."""
    maps = [
        np.full((len(s), *slab.shape), np.nan, dtype=s.dtype) for _ in range(2 if fields else 0)
    ]
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
