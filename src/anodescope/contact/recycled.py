"""Any film and any gap: one preconditioned solve a frequency, each started from those before.

The mean current meets the slab as if it were even, and that part is known. With y the admittance of
a pixel and y₀ that of the most reluctant one (0 where a void blocks), the pixels at y₀ are part of
the slab: S = (κ/T + y₀)⁻¹, T of uneven currents, says what current j on the others, above that of
y₀, does to the potential. It stays diagonal in Fourier space. What is left is
(P S P + 1/(y − y₀)) j = b on the other pixels, complex and symmetric: conjugate gradients without
conjugation. The preconditioner inverts, in Fourier space, contacts that all have the typical film;
where the film vanishes that is the inverse of the slab, so the hard end takes no more steps than
the soft one. Pixels with another film are weighted by what they would pass alone, and so are voids
of unlike gaps, which Fourier space would mix with the contacts.

The start is the best combination of the solutions at the frequencies before (Galerkin), so a sweep
that changes slowly costs few steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from anodescope.contact.slab import Slab

Array = np.ndarray[Any, np.dtype[Any]]

# Solutions that a start is made of.
KEPT = 3


@final
@dataclass(frozen=True, slots=True)
class Solution:
    """The current of one frequency or pattern.

    Attributes
    ----------
    mean : current density over the whole face (A/cm²) at an even 1 V, by its stationary form: its
        error is of second order in what is missed, that of the mean of `current` of first.
    current : (y, x) current density (A/cm²) at the applied potential.
    potential : (y, x) of the slab's face (V), less what the mean current makes where that is known.
    carries : (y, x) bool, the pixels above the background.
    above : (pixel,) j, what recycling keeps.
    missed : rms miss of the potential condition where current passes (V).
    steps : iterations.
    converged, safe : whether the tolerance was met; whether GMRES had to do it.
    """

    mean: complex | float
    current: Array
    potential: Array
    carries: Array
    above: Array
    missed: float
    steps: int
    converged: bool
    safe: bool


@final
class Problem:
    """One frequency: the slab's conductivity and the admittance of each pixel.

    Parameters
    ----------
    conductivity : κ + iωε (S/cm).
    admittance : (y, x) of the pixels (S/cm²); ∞ is perfect contact, 0 blocks.
    contact : (y, x) bool: pixels that answer together; the others, each almost by itself.
    even : whether the slab's resistance to even current is part of the problem, as it must be where
        the applied potential is not even.
    """

    def __init__(
        self,
        slab: Slab,
        conductivity: complex | float,
        admittance: Array,
        contact: Array,
        *,
        even: bool = False,
    ) -> None:
        self._slab = slab
        real = not (np.iscomplexobj(admittance) or np.iscomplexobj(conductivity))
        self.kind = np.dtype(float if real else complex)
        impedance = (slab.real_reach if real else slab.reach) / conductivity
        if even:
            impedance[0, 0] = slab.thickness / conductivity
        self._background = _background(admittance)
        # What the background leaves of an applied wave, without taking a difference.
        self._left = 1.0 / (1.0 + impedance * self._background)
        self._response = impedance * self._left
        above = admittance - self._background
        self.carries = above != 0.0
        with np.errstate(invalid="ignore"):
            film = 1.0 / above[self.carries]
        self._film = np.where(np.isinf(above[self.carries]), 0.0, film)
        touches = contact[self.carries]
        self._together = touches if touches.any() else np.ones(touches.shape, dtype=bool)
        typical = _typical(self._film[self._together])
        # To the preconditioner the even wave is like the longest other: it meets no slab here, and
        # what contacts do to it is of that size.
        waves = self._response.copy()
        waves[0, 0] = 0.0
        waves[0, 0] = waves.flat[np.argmax(np.abs(waves))]
        # A pixel alone: its film, and what its own current does to its own potential.
        local = waves.mean()
        self._alone = _inverse(self._film + local)
        self._even = _inverse(waves + typical)
        # Pixels with a film unlike the typical one answer by that film more than by the slab.
        self._weight = np.where(self._together, np.sqrt((typical + local) * self._alone), 0.0)

    def operator(self, above: Array) -> Array:
        """Return (P S P + film) j."""
        return np.asarray(self._film * above + self._on_pixels(above, self._response))

    def preconditioned(self, missed: Array) -> Array:
        """Return about what current mends a miss of the potential."""
        weight = self._weight
        together = weight * self._on_pixels(weight * missed, self._even)
        return np.where(self._together, together, self._alone * missed)

    def right_hand_side(self, applied: Array) -> Array:
        """Return b of an applied potential (y, x): what the background leaves of it."""
        values = applied.astype(self.kind)
        return np.asarray(self._slab.filtered(values, self._left)[self.carries])

    def solution(
        self, applied: Array, b: Array, above: Array, steps: int, *, allowed: float, safe: bool
    ) -> Solution:
        """Return the maps of a solved problem."""
        left = b - self.operator(above)
        missed = float(np.linalg.norm(left))
        flow = (self._background * applied).astype(self.kind)
        flow[self.carries] += above
        potential = self._slab.filtered(flow.copy(), self._response)
        current = self._slab.filtered(flow, self._left)
        mean = (current.mean() + (left @ above) / applied.size).item()
        rms = missed / np.sqrt(max(b.size, 1))
        settled = missed <= allowed
        return Solution(mean, current, potential, self.carries, above, rms, steps, settled, safe)

    def _on_pixels(self, values: Array, response: Array) -> Array:
        lifted = np.zeros(self._slab.shape, dtype=np.result_type(values, response))
        lifted[self.carries] = values
        return np.asarray(self._slab.filtered(lifted, response)[self.carries])


def _background(admittance: Array) -> complex | float:
    """The least admittance of all pixels: every other is that and something more."""
    place = np.unravel_index(np.argmin(np.abs(admittance)), admittance.shape)
    least = admittance[place]
    if np.isinf(least):
        return 0.0
    return complex(least) if np.iscomplexobj(admittance) else float(least)


def _inverse(values: Array) -> Array:
    """1 / values, and 0 where there is nothing to invert."""
    some = values != 0.0
    return np.where(some, 1.0 / np.where(some, values, 1.0), 0.0)


def _typical(film: Array) -> complex | float:
    """One film for all pixels: what they have side by side, so that those that carry count."""
    if film.size == 0 or not np.all(film):
        return 0.0
    mean = (1.0 / film).mean()
    return complex(1.0 / mean) if np.iscomplexobj(film) else float(1.0 / mean)


def solve(
    problem: Problem, applied: Array, earlier: list[Solution], *, tolerance: float, most: int
) -> Solution:
    """Solve one frequency for an applied potential (y, x).

    Parameters
    ----------
    earlier : solutions of frequencies before; those on other pixels are not used.
    tolerance : of the potential, relative to the right-hand side.
    most : iterations at most, of the fast solver and of the safe one.
    """
    b = problem.right_hand_side(applied)
    if b.size == 0:
        return problem.solution(applied, b, b, 0, allowed=0.0, safe=False)
    allowed = tolerance * float(np.linalg.norm(b))
    same = [one.above for one in earlier if np.array_equal(one.carries, problem.carries)]
    above, missed, steps = conjugate_gradients(
        problem.operator, problem.preconditioned, b, _start(problem, b, same), allowed, most
    )
    safe = missed > allowed
    if safe:
        above, more = _gmres(problem, b, above, allowed, most)
        steps += more
    return problem.solution(applied, b, above, steps, allowed=allowed, safe=safe)


def _start(problem: Problem, b: Array, earlier: list[Array]) -> Array:
    """The combination of earlier solutions whose miss is orthogonal to all of them, if it helps."""
    nothing = np.zeros(b.shape, dtype=problem.kind)
    if not earlier:
        return nothing
    basis = np.asarray(earlier)
    images = np.asarray([problem.operator(vector) for vector in earlier])
    shares = np.linalg.lstsq(basis @ images.T, basis @ b, rcond=1e-12)[0]
    helps = np.linalg.norm(b - shares @ images) < np.linalg.norm(b)
    return np.asarray(shares @ basis) if helps else nothing


def conjugate_gradients(
    operator: Callable[[Array], Array],
    preconditioner: Callable[[Array], Array],
    b: Array,
    start: Array,
    allowed: float,
    most: int,
) -> tuple[Array, float, int]:
    """Conjugate gradients for a symmetric operator, real or complex (products unconjugated).

    Returns the best solution met, the norm of its residual and the iterations. It stops early
    where a product of two vectors vanishes, as complex ones may, or nothing improves any more.

    References
    ----------
    H. A. van der Vorst, J. B. M. Melissen, IEEE Transactions on Magnetics 26, 706 (1990),
    doi:10.1109/20.106415.
    """
    x = start
    residual = b - operator(x) if np.any(x) else b.copy()
    best, least, since = x, float(np.linalg.norm(residual)), 0
    direction: Array = np.zeros_like(residual)
    before: Any = 1.0
    step = 0
    while least > allowed and step < most and since < 50:
        mended = preconditioner(residual)
        product = mended @ residual
        if abs(product) <= 1e-14 * np.linalg.norm(mended) * np.linalg.norm(residual):
            break
        direction = mended + (product / before) * direction if step else mended
        image = operator(direction)
        curvature = direction @ image
        if abs(curvature) <= 1e-14 * np.linalg.norm(direction) * np.linalg.norm(image):
            break
        length = product / curvature
        x = x + length * direction
        residual = residual - length * image
        before, step, since = product, step + 1, since + 1
        size = float(np.linalg.norm(residual))
        if size < least:
            best, least, since = x, size, 0
    return best, float(np.linalg.norm(b - operator(best))) if step else least, step


def _gmres(
    problem: Problem, b: Array, start: Array, allowed: float, most: int
) -> tuple[Array, int]:
    """The safe solver: slower and with memory for its basis, but its residual never grows."""
    from scipy.sparse.linalg import LinearOperator, gmres

    count = 0

    def counted(_: Any) -> None:
        nonlocal count
        count += 1

    size = (b.size, b.size)
    found, _ = gmres(
        LinearOperator(size, matvec=problem.operator, dtype=problem.kind),
        b,
        x0=start,
        rtol=0.0,
        atol=0.5 * allowed,
        restart=40,
        maxiter=max(most // 40, 1),
        M=LinearOperator(size, matvec=problem.preconditioned, dtype=problem.kind),
        callback=counted,
        callback_type="pr_norm",
    )
    return np.asarray(found), count
