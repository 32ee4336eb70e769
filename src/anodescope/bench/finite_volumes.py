"""The peer and oracle of the contact solver: the whole slab in three dimensions, by finite volumes.

Cells are boxes: as wide as a pixel (or a part of one), thin at the face and thicker below. A cell's
potential stands for its middle; the flux between two cells is their difference over the distance
of their middles (two points). The film or gap of a pixel is in series with half its cell. The
counter face is put where the potential of the slowest wave has died away, if that is above the
slab's own end, and the rest is added as an even slab.

This knows nothing of Fourier: any κ per cell could be put in. It is made as fast as SciPy allows,
so that a comparison is fair. The unknowns are complex at an angular frequency, the matrix complex
and symmetric: conjugate gradients without conjugation. Their preconditioner is a multigrid cycle
that halves the cells in y and x only and solves whole columns in z at once, which is what stretched
cells need; plain columns, Jacobi and an incomplete LU can be had for comparison. Jacobi with real
numbers is SciPy's own conjugate gradients. On one core, a map of the bench with 64² pixels, 65,536
cells, to 1e-5, direct current and 10 kHz with a film: multigrid 9 and 10 steps (0.06 s), Jacobi
224 and 287 (0.09 and 0.26 s), columns 214 and 271 (0.1 and 0.4 s), incomplete LU 52 and 56 (2 and
3 s, nearly all to factor; with BiCGSTAB, since SciPy's is not symmetric). 256² pixels, 1.3 million
cells: multigrid 11 and 12 steps, 0.6 and 1.5 s.

With perfect contact and voids that block, frequency only scales the answer: one real solve serves
all. Else frequencies are solved in the order given, each from the potentials of the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from anodescope.bench.volume_cells import Columns, Grid, graded
from anodescope.citations import relies_on
from anodescope.contact.face import contact_map, face_values, positive
from anodescope.errors import SettingsError

Array = np.ndarray[Any, np.dtype[Any]]

PRECONDITIONERS = ("multigrid", "columns", "jacobi", "ilu")

# Depth over the longer side of the map. What the slowest wave leaves there comes back to the face
# as 2 exp(-2kD): 1e-8 of it with k = 2π/W, and with mirrors (k = π/W) twice the depth.
_DEPTH = 1.5
# The first cell over a pixel, and how much thicker the next one is, both before any split.
_FIRST, _GROWTH = 0.35, 1.35
_MOST = 20_000


@final
@dataclass(frozen=True, slots=True)
class Volumes:
    """What finite volumes found.

    Attributes
    ----------
    impedance : Ω·cm² of the whole face; a number, or (frequency,). Infinite where nothing passes.
    iterations : of conjugate gradients, likewise.
    residual : norm of what is left of the equations over that of the right-hand side, likewise.
    unknowns : cells.
    layers : cells below a pixel.
    depth : of the cells (cm); an even slab fills the rest.
    """

    impedance: Any
    iterations: Any
    residual: Any
    unknowns: int
    layers: int
    depth: float


@relies_on("vorst1990")
def finite_volumes(
    contact: Any,
    *,
    pixel: float,
    thickness: float,
    conductivity: float,
    permittivity: float = 0.0,
    film_resistance: Any = 0.0,
    film_capacitance: Any = 0.0,
    gap_capacitance: Any = 0.0,
    sides: str = "periodic",
    frequency: Any = None,
    split: int = 1,
    layers: int | None = None,
    tolerance: float = 1e-5,
    preconditioner: str = "multigrid",
) -> Volumes:
    """Return the impedance of a contact map by a solve of the slab in three dimensions.

    Parameters are those of `anodescope.contact.constriction`, and

    Parameters
    ----------
    split : cells along the side of a pixel; layers grow in number and thin out with it.
    layers : cells below a pixel before the split; None: enough that each is 1.35 times as thick as
        the one above, from 0.35 pixels on.
    tolerance : of the residual. The impedance is stationary in the potential, its error is nearer
        to the square.
    preconditioner : "multigrid", "columns", "jacobi" or "ilu".

    Raises
    ------
    SettingsError
        for maps and numbers that cannot be.
    """
    touches = contact_map(contact)
    if touches.ndim != 2:
        raise SettingsError("contact: expected one map (y, x), found several. Try one at a time.")
    shape = (touches.shape[0], touches.shape[1])
    films = (
        face_values("film_resistance", film_resistance, shape, infinite=True),
        face_values("film_capacitance", film_capacitance, shape),
        face_values("gap_capacitance", gap_capacitance, shape),
    )
    slab = positive("thickness", thickness, "cm")
    kappa = positive("conductivity", conductivity, "S/cm")
    epsilon = float(face_values("permittivity", permittivity, ()))
    small = positive("tolerance", tolerance, "1")
    if preconditioner not in PRECONDITIONERS:
        raise SettingsError(
            f"preconditioner: expected one of {', '.join(PRECONDITIONERS)}, "
            f"found {preconditioner!r}."
        )
    grid = _grid(shape, positive("pixel", pixel, "cm"), slab, sides, split, layers)
    values = _laplace(frequency)
    if _one_serves(touches, films):
        film = _split(_film(touches, films, 0.0), split)
        z, count, rest, _ = _solved(grid, film, small, preconditioner, None)
        found = [(z, count, rest)] + [(z, 0, rest)] * (len(values) - 1)
    else:
        found = _one_by_one(
            grid, touches, films, split, kappa, epsilon, values, small, preconditioner
        )
    rows = [
        ((z + (slab - grid.depth)) / (kappa + s * epsilon), count, rest)
        for s, (z, count, rest) in zip(values, found, strict=True)
    ]
    impedance, steps, left = (np.asarray(column) for column in zip(*rows, strict=True))
    one = 0 if np.ndim(frequency) == 0 else slice(None)
    cells, many = grid.cells, len(grid.thick)
    return Volumes(impedance[one], steps[one], left[one], cells, many, grid.depth)


def richardson(
    values: Sequence[complex], factors: Sequence[float], order: float | None = None
) -> tuple[Any, float]:
    """Extrapolate values at cells 1/factor as wide to cells of no width.

    Parameters
    ----------
    values : two at least; three at least where `order` is to be observed.
    factors : rising splits. The last three must grow by one ratio where the order is observed.
    order : of convergence; None: observed on the last three values.

    Returns
    -------
    The limit, and the order. If none was given: Aitken's limit v₃ + d₂²/(d₁ − d₂) of the steps
    d₁ = v₂ − v₁ and d₂ = v₃ − v₂, with the phases of complex ones, and log|d₁/d₂| / log(ratio).

    Raises
    ------
    SettingsError
        for too few values, and where these do not converge.
    """
    last, cuts = np.asarray(values)[-3:], np.asarray(factors, dtype=float)[-3:]
    need = 2 if order is not None else 3
    if len(values) != len(factors) or len(last) < need or np.any(np.diff(cuts) <= 0):
        raise SettingsError(
            f"richardson: expected {need} values at least and as many rising factors, found "
            f"{len(values)} and {list(factors)}."
        )
    ratio, step = float(cuts[-1] / cuts[-2]), last[-1] - last[-2]
    if order is None:
        if not np.isclose(cuts[-2] / cuts[-3], ratio):
            raise SettingsError(
                f"factors: expected one ratio between them to observe an order, found {cuts}. "
                "Try 1, 2, 4, or give the order."
            )
        before, after = np.abs(np.diff(last))
        if not 0.0 < after < before:
            raise SettingsError(
                f"values: expected steps that shrink, found {before:g} and {after:g}. "
                "Try larger factors, or give the order."
            )
        left = step**2 / (last[-2] - last[-3] - step)
        return last[-1] + left, float(np.log(before / after) / np.log(ratio))
    return last[-1] + step / (ratio**order - 1.0), order


def _grid(
    shape: tuple[int, int], pixel: float, thickness: float, sides: str, split: int, layers: Any
) -> Grid:
    if sides not in ("periodic", "mirror"):
        raise SettingsError(f"sides: expected periodic or mirror, found {sides!r}.")
    for name, value in (("split", split), ("layers", 1 if layers is None else layers)):
        if not isinstance(value, int | np.integer) or value < 1:
            raise SettingsError(f"{name}: expected a whole number from 1, found {value!r}.")
    far = _DEPTH * (1 if sides == "periodic" else 2) * max(shape) * pixel
    depth = min(thickness, far)
    first = _FIRST * pixel
    if layers is None:
        many = np.log1p(depth * (_GROWTH - 1.0) / first) / np.log(_GROWTH)
        layers = max(int(np.ceil(many)), 2)
    cells = (shape[0] * split, shape[1] * split)
    return Grid(cells, pixel / split, graded(depth, first, int(layers), split), sides)


def _laplace(frequency: Any) -> list[complex | float]:
    if frequency is None:
        return [0.0]
    values = np.atleast_1d(np.asarray(frequency, dtype=float))
    if values.ndim > 1 or values.size == 0 or not np.all(np.isfinite(values) & (values >= 0)):
        raise SettingsError(f"frequency: expected 0 or more (Hz), found {frequency!r:.80}.")
    return [2j * np.pi * float(value) for value in values]


def _film(contact: Array, films: tuple[Array, Array, Array], s: complex | float) -> Array:
    """Impedance (Ω·cm²) between electrode and electrolyte of each pixel; ∞ blocks."""
    resistance, capacitance, gap = (np.broadcast_to(one, contact.shape) for one in films)
    kind = type(s)
    result = np.full(contact.shape, np.inf, dtype=kind)
    perfect = contact & (resistance == 0.0)
    result[perfect] = 0.0
    with np.errstate(divide="ignore"):
        admittance = np.where(contact, 1.0 / resistance + s * capacitance, s * gap)
    passes = ~perfect & (admittance != 0.0)
    result[passes] = 1.0 / admittance[passes]
    return result


def _one_serves(contact: Array, films: tuple[Array, Array, Array]) -> bool:
    """Whether the film is perfect and voids block: then Z κ* is one real number."""
    resistance, _, gap = (np.broadcast_to(one, contact.shape) for one in films)
    return not np.any(resistance[contact]) and not np.any(gap[~contact])


def _one_by_one(
    grid: Grid,
    contact: Array,
    films: tuple[Array, Array, Array],
    split: int,
    kappa: float,
    epsilon: float,
    values: list[complex | float],
    tolerance: float,
    preconditioner: str,
) -> list[tuple[complex | float, int, float]]:
    """Solve each frequency, in the order given, from the potentials of the one before."""
    found: list[tuple[complex | float, int, float]] = []
    last: Array | None = None
    for s in values:
        film = _split(_film(contact, films, s), split)
        passes = ~np.isinf(film)
        film[passes] *= kappa + s * epsilon
        z, count, rest, last = _solved(grid, film, tolerance, preconditioner, last)
        found.append((z, count, rest))
    return found


def _split(values: Array, split: int) -> Array:
    return np.repeat(np.repeat(values, split, axis=0), split, axis=1)


def _solved(
    grid: Grid, film: Array, tolerance: float, preconditioner: str, start: Array | None
) -> tuple[complex | float, int, float, Array | None]:
    """Return impedance × κ (cm), steps, residual and potentials; `film` is impedance × κ (cm)."""
    blocked = np.isinf(film)
    top = np.zeros(film.shape, dtype=film.dtype)
    top[~blocked] = 1.0 / (0.5 * grid.thick[0] + film[~blocked])
    top = top.ravel()
    if not np.any(top):
        return np.inf, 0, 0.0, None
    levels = Columns(grid, top)
    b = np.zeros((len(grid.thick), top.size), dtype=top.dtype)
    b[0] = top
    x = np.zeros_like(b) if start is None else start
    if preconditioner == "jacobi" and b.dtype == float:
        x, steps = _scipys(levels, b, x, tolerance)
        rest = b - levels.operator(x)
    elif preconditioner == "ilu":
        x, steps = _incomplete(levels, b, x, tolerance)
        rest = b - levels.operator(x)
    else:
        mend = _preconditioner(levels, preconditioner)
        steps, rest = _conjugate_gradients(levels.operator, mend, b, x, tolerance)
    left = float(np.linalg.norm(rest) / np.linalg.norm(b))
    # 2 bᵀx − xᵀAx: stationary, so its error is of second order in what is left.
    drawn = (b * x).sum() + (x * rest).sum()
    return (1.0 / ((top.sum() - drawn) / top.size)).item(), steps, left, x


def _preconditioner(levels: Columns, name: str) -> Callable[[Array], Array]:
    if name == "multigrid":
        return levels.cycle
    if name == "columns":
        return levels.smoothed
    inverse = 1.0 / levels.diagonal()
    return lambda left: np.asarray(inverse * left)


def _scipys(levels: Columns, b: Array, x: Array, tolerance: float) -> tuple[Array, int]:
    """Return the solution and the steps, of SciPy's conjugate gradients with Jacobi; real only."""
    from scipy.sparse.linalg import LinearOperator, cg

    shape, inverse = b.shape, 1.0 / levels.diagonal().ravel()
    square = (b.size, b.size)
    # Our product takes less time and memory than that of the sparse matrix.
    matrix = LinearOperator(
        square, lambda one: levels.operator(one.reshape(shape)).ravel(), dtype=b.dtype
    )
    mend = LinearOperator(square, lambda one: inverse * one.ravel(), dtype=b.dtype)
    steps: list[int] = []
    found, _ = cg(
        matrix,
        b.ravel(),
        x0=x.ravel(),
        rtol=tolerance,
        maxiter=_MOST,
        M=mend,
        callback=lambda _: steps.append(1),
    )
    return np.asarray(found.reshape(shape)), len(steps)


def _incomplete(levels: Columns, b: Array, x: Array, tolerance: float) -> tuple[Array, int]:
    """Return the solution and the steps, of SciPy's incomplete LU, which is not symmetric."""
    from scipy.sparse.linalg import LinearOperator, bicgstab, spilu

    matrix = levels.matrix()
    factors = spilu(matrix.tocsc(), drop_tol=1e-2, fill_factor=5, diag_pivot_thresh=0.0)
    mend = LinearOperator(matrix.shape, factors.solve, dtype=b.dtype)
    steps: list[int] = []
    found, _ = bicgstab(
        matrix,
        b.ravel(),
        x0=x.ravel(),
        rtol=tolerance,
        maxiter=_MOST,
        M=mend,
        callback=lambda _: steps.append(1),
    )
    return np.asarray(found.reshape(b.shape)), len(steps)


def _conjugate_gradients(
    operator: Callable[[Array], Array],
    mend: Callable[[Array], Array],
    b: Array,
    x: Array,
    tolerance: float,
) -> tuple[int, Array]:
    """Solve in place of x; products are unconjugated. Returns steps and residual.

    SciPy's own solvers for complex matrices know no symmetry and take two products a step: with
    Jacobi its BiCGSTAB took twice the time of this.
    """
    allowed = tolerance * float(np.linalg.norm(b))
    left = b - operator(x) if np.any(x) else b.copy()
    along, rho, steps = np.zeros_like(b), 1.0, 0
    while float(np.linalg.norm(left)) > allowed and steps < _MOST:
        mended = mend(left)
        rho, before = (left * mended).sum(), rho
        along *= rho / before
        along += mended
        image = operator(along)
        length = rho / (along * image).sum()
        x += length * along
        image *= length
        left -= image
        steps += 1
    return steps, left
