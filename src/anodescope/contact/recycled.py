"""Any film and any gap: one preconditioned solve a frequency, each started from those before.

With y the admittance of a pixel and y₀ that of the most reluctant one (0 where a void blocks), the
pixels at y₀ are part of the slab: S = (κ/T + y₀)⁻¹ says what current j on the others, above that of
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

from anodescope.contact.slab import LEAST_APART, Slab

Array = np.ndarray[Any, np.dtype[Any]]

# Solutions that a start is made of.
KEPT = 3


@final
@dataclass(frozen=True, slots=True)
class Solution:
    """The current of one frequency or pattern.

    Attributes
    ----------
    mean : current density over the whole face (A/cm²) of an even applied potential of 1 V, by its
        stationary form: its error is of second order in what is missed, that of the mean of
        `current` of first.
    current : (y, x) current density (A/cm²) at the applied potential.
    potential : (y, x) at the slab's face (V).
    above : (pixel,) j, what recycling keeps.
    missed : rms miss of the potential condition where current passes (V).
    steps : iterations.
    converged, safe : whether the tolerance was met; whether GMRES had to do it.
    """

    mean: complex | float
    current: Array
    potential: Array
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
    """

    def __init__(
        self, slab: Slab, conductivity: complex | float, admittance: Array, contact: Array
    ) -> None:
        self._slab = slab
        real = not (np.iscomplexobj(admittance) or np.iscomplexobj(conductivity))
        self.kind = np.dtype(float if real else complex)
        impedance = (slab.real_reach if real else slab.reach) / conductivity
        self._background = _background(admittance)
        self._whole = impedance.flat[0]  # of the slab under even current
        self._response = impedance / (1.0 + impedance * self._background)
        above = admittance - self._background
        self.carries = above != 0.0
        with np.errstate(invalid="ignore"):
            film = 1.0 / above[self.carries]
        self._film = np.where(np.isinf(above[self.carries]), 0.0, film)
        # A pixel alone: its film, and what its own current does to its own potential.
        local = self._response.mean()
        self._alone = 1.0 / (self._film + local)
        touches = contact[self.carries]
        self._together = touches if touches.any() else np.ones(touches.shape, dtype=bool)
        typical = _typical(self._film[self._together])
        self._even = 1.0 / (self._response + typical)
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
        start = self._slab.filtered(self._background * applied, self._response)
        return np.asarray((applied - start)[self.carries])

    def solution(
        self, applied: Array, b: Array, above: Array, steps: int, *, allowed: float, safe: bool
    ) -> Solution:
        """Return the maps of a solved problem."""
        left = b - self.operator(above)
        missed = float(np.linalg.norm(left))
        flow = (self._background * applied).astype(self.kind)
        flow[self.carries] += above
        potential = self._slab.filtered(flow.copy(), self._response)
        current = flow - self._background * potential
        mean = (current.mean() + (left @ above) / applied.size).item()
        rms = missed / np.sqrt(max(b.size, 1))
        return Solution(mean, current, potential, above, rms, steps, missed <= allowed, safe)

    def apart(self, applied: Array, above: Array) -> float:
        """Return how much of an even applied potential the slab's mean drop leaves, relative."""
        if np.ptp(applied) > 0.0:
            return 1.0
        even = applied.flat[0]
        drop = self._whole * (self._background * even + above.sum() / applied.size)
        left = abs(1.0 - drop / (even * (1.0 + self._whole * self._background)))
        return max(float(left), LEAST_APART)

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


def _typical(film: Array) -> complex | float:
    """One film for all pixels: what they have side by side, so that those that carry count."""
    if film.size == 0 or not np.all(film):
        return 0.0
    mean = (1.0 / film).mean()
    return complex(1.0 / mean) if np.iscomplexobj(film) else float(1.0 / mean)


def solve(
    problem: Problem, applied: Array, earlier: list[Array], *, tolerance: float, most: int
) -> Solution:
    """Solve one frequency for an applied potential (y, x).

    Parameters
    ----------
    earlier : j of frequencies before, on the same pixels; others are not used.
    tolerance : of the potential, relative to what the slab leaves of the applied one.
    most : iterations at most, of the fast solver and of the safe one.
    """
    b = problem.right_hand_side(applied)
    if b.size == 0:
        return problem.solution(applied, b, b, 0, allowed=0.0, safe=False)
    aim = tolerance * float(np.linalg.norm(b))

    def allowed(above: Array) -> float:
        return aim * problem.apart(applied, above)

    same = [start for start in earlier if start.size == b.size]
    above, missed, steps = conjugate_gradients(
        problem.operator, problem.preconditioned, b, _start(problem, b, same), allowed, most
    )
    safe = missed > allowed(above)
    if safe:
        above, more = _gmres(problem, b, above, allowed, most)
        steps += more
    return problem.solution(applied, b, above, steps, allowed=allowed(above), safe=safe)


def _start(problem: Problem, b: Array, earlier: list[Array]) -> Array:
    """The combination of earlier solutions whose miss is orthogonal to all of them."""
    if not earlier:
        return np.zeros(b.shape, dtype=problem.kind)
    basis = np.asarray(earlier)
    images = np.asarray([problem.operator(vector) for vector in earlier])
    shares = np.linalg.lstsq(basis @ images.T, basis @ b, rcond=1e-12)[0]
    return np.asarray(shares @ basis)


def conjugate_gradients(
    operator: Callable[[Array], Array],
    preconditioner: Callable[[Array], Array],
    b: Array,
    start: Array,
    allowed: Callable[[Array], float],
    most: int,
) -> tuple[Array, float, int]:
    """Conjugate gradients for a symmetric operator, real or complex (products unconjugated).

    `allowed` gives the norm of the residual that is small enough at a solution. Returns the best
    solution met, the norm of its residual and the iterations. It stops early
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
    while least > allowed(x) and step < most and since < 50:
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
    problem: Problem, b: Array, start: Array, allowed: Callable[[Array], float], most: int
) -> tuple[Array, int]:
    """The safe solver: slower and with memory for its basis, but its residual never grows."""
    from scipy.sparse.linalg import LinearOperator, gmres

    count = 0

    def counted(_: Any) -> None:
        nonlocal count
        count += 1

    size = (b.size, b.size)
    operator = LinearOperator(size, matvec=problem.operator, dtype=problem.kind)
    mending = LinearOperator(size, matvec=problem.preconditioned, dtype=problem.kind)
    found = start
    # What is small enough is known only near the solution: aim, look, and aim again.
    for _ in range(3):
        found, _ = gmres(
            operator,
            b,
            x0=found,
            rtol=0.0,
            atol=0.5 * allowed(found),
            restart=40,
            maxiter=max(most // 40, 1),
            M=mending,
            callback=counted,
            callback_type="pr_norm",
        )
        if np.linalg.norm(b - problem.operator(found)) <= allowed(found) or count >= most:
            break
    return np.asarray(found), count
