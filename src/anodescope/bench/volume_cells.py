"""Cells of the three-dimensional peer: the grid, its operator, and its multigrid cycle.

Potentials are (layer, pixel). Everything is per area of a pixel and divided by κ, so conductances
are 1/cm and only the top row, where film and gap are, can be complex. All columns are alike but for
that row. So the inverse of a column is one small matrix for all, and a correction of rank one for
the top: a product of matrices instead of a recursion in z.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# Of a column's own answer; weakly coupled columns as in a plane take 4/5 (Trottenberg et al.).
_DAMPING = 0.8
# The coarsest level is solved exactly up to so many cells.
_EXACT = 20_000


def graded(depth: float, first: float, layers: int, split: int) -> Array:
    """Return the thickness (cm) of layers × split cells that grow smoothly from about `first`.

    Their edges lie on z = A (exp(βt) − 1) at even steps of t, with one A and β for all splits: so
    splitting refines one map of the depth, and the order of the scheme can be seen.
    """
    from scipy.optimize import brentq

    steps = np.linspace(0.0, 1.0, layers * split + 1)
    even = depth / layers
    if first >= even:
        edges = depth * steps
    else:

        def missing(beta: float) -> float:
            return float(depth * np.expm1(beta / layers) / np.expm1(beta) - first)

        beta = brentq(missing, 1e-9, 500.0)
        edges = depth * np.expm1(beta * steps) / np.expm1(beta)
    return np.diff(edges)


@final
@dataclass(frozen=True)
class Grid:
    """Cells below a face.

    Attributes
    ----------
    shape : of cells (y, x).
    width : of a cell (cm).
    thick : (layer,) thickness of the cells (cm), from the face down.
    sides : "periodic" or "mirror".
    """

    shape: tuple[int, int]
    width: float
    thick: Array
    sides: str

    @property
    def cells(self) -> int:
        """The number of cells."""
        return self.shape[0] * self.shape[1] * len(self.thick)

    @property
    def depth(self) -> float:
        """Of all layers together (cm)."""
        return float(self.thick.sum())

    @cached_property
    def coarser(self) -> Grid | None:
        """The grid with cells twice as wide, if there is one."""
        ny, nx = self.shape
        if ny % 2 or nx % 2 or min(ny, nx) < 4:
            return None
        return Grid((ny // 2, nx // 2), 2.0 * self.width, self.thick, self.sides)

    @cached_property
    def across(self) -> Any:
        """Sparse (pixel, pixel): differences to the neighbours over the width squared (1/cm²)."""
        from scipy.sparse import csr_array, eye_array, kron

        y, x = (_line(count, self.sides) for count in self.shape)
        both = kron(y, eye_array(self.shape[1])) + kron(eye_array(self.shape[0]), x)
        return csr_array(both / self.width**2)

    @cached_property
    def down(self) -> Array:
        """(layer, layer): the column without its top (1/cm), its lower end at the counter face."""
        thick = self.thick
        between = 2.0 / (thick[:-1] + thick[1:])
        below = np.append(between, 2.0 / thick[-1])
        above = np.insert(between, 0, 0.0)
        return np.diag(below + above) - np.diag(between, 1) - np.diag(between, -1)

    @cached_property
    def column_inverse(self) -> Array:
        """(layer, layer): inverse of a column between neighbours at zero, without its top (cm)."""
        # Cells beside a mirror have fewer neighbours; all four only damp them a little more.
        neighbours = 2.0 * sum(count > 1 for count in self.shape)
        return np.linalg.inv(self.down + np.diag(neighbours * self.thick / self.width**2))


def _line(count: int, sides: str) -> Any:
    """Differences along one axis; a line of one or two periodic cells is its own neighbour."""
    from scipy.sparse import coo_array, csr_array

    cells = np.arange(count if sides == "periodic" else count - 1)
    beside = (cells + 1) % count
    rows = np.concatenate([cells, beside, cells, beside])
    columns = np.concatenate([cells, beside, beside, cells])
    values = np.repeat([1.0, -1.0], 2 * len(cells))
    return csr_array(coo_array((values, (rows, columns)), shape=(count, count)))


@final
class Columns:
    """The equations of one frequency on a grid, and on the coarser ones below it.

    Parameters
    ----------
    top : (pixel,) conductance over κ from the electrode to the middle of the first cell (1/cm).
    """

    def __init__(self, grid: Grid, top: Array) -> None:
        self._grid = grid
        self._top = top

    @cached_property
    def _pull(self) -> Array:
        return np.asarray(self._top / (1.0 + self._top * self._grid.column_inverse[0, 0]))

    @cached_property
    def _coarser(self) -> Columns | None:
        coarser = self._grid.coarser
        return None if coarser is None else Columns(coarser, self._gathered(self._top[None])[0])

    @cached_property
    def _exact(self) -> Any:
        """The coarsest matrix factored, unless it is a fine one."""
        if self._grid.coarser is not None or self._grid.cells > _EXACT:
            return None
        from scipy.sparse.linalg import splu

        return splu(
            self.matrix().tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )

    def operator(self, potential: Array) -> Array:
        """Return the current (1/cm) out of each cell."""
        grid = self._grid
        result = _by(grid.down, potential)
        across = grid.across
        for layer, thick in enumerate(grid.thick):
            parts = _parts(potential[layer])
            _parts(result[layer])[...] += thick * (across @ parts)
        result[0] += self._top * potential[0]
        return result

    def smoothed(self, left: Array) -> Array:
        """Return what mends a residual, each column by itself."""
        inverse = self._grid.column_inverse
        result = _by(inverse, left)
        result -= inverse[:, :1] * (self._pull * result[0])
        return result

    def cycle(self, left: Array) -> Array:
        """Return what mends a residual, by one symmetric multigrid cycle."""
        if self._exact is not None:
            return np.asarray(self._exact.solve(left.ravel()).reshape(left.shape))
        result = _DAMPING * self.smoothed(left)
        if self._coarser is not None:
            rest = left - self.operator(result)
            self._spread(self._coarser.cycle(self._gathered(rest)), result)
        rest = left - self.operator(result)
        result += _DAMPING * self.smoothed(rest)
        return result

    def diagonal(self) -> Array:
        """Return the diagonal of the matrix (layer, pixel)."""
        grid = self._grid
        across = grid.thick[:, None] * grid.across.diagonal()
        result = (across + np.diag(grid.down)[:, None]).astype(self._top.dtype)
        result[0] += self._top
        return np.asarray(result)

    def matrix(self) -> Any:
        """Return the whole sparse matrix."""
        from scipy.sparse import csr_array, diags_array, eye_array, kron

        grid = self._grid
        top = np.zeros((len(grid.thick), self._top.size), dtype=self._top.dtype)
        top[0] = self._top
        bulk = kron(diags_array(grid.thick), grid.across)
        bulk += kron(csr_array(grid.down), eye_array(self._top.size))
        return csr_array(bulk + diags_array(top.ravel()))

    def _gathered(self, values: Array) -> Array:
        """The mean of the four cells that make a coarser one; values are per area."""
        ny, nx = self._grid.shape
        four = values.reshape(-1, ny // 2, 2, nx // 2, 2)
        # Two sums of neighbours are faster than a mean over two short axes.
        rows = four[:, :, 0] + four[:, :, 1]
        return np.asarray(0.25 * (rows[..., 0] + rows[..., 1])).reshape(len(values), -1)

    def _spread(self, values: Array, onto: Array) -> None:
        """Add a coarser potential to the four cells of each."""
        ny, nx = self._grid.shape
        fine = onto.reshape(-1, ny // 2, 2, nx // 2, 2)
        fine += values.reshape(-1, ny // 2, 1, nx // 2, 1)


def _parts(values: Array) -> Array:
    """Real and imaginary parts beside each other, as a view: a real matrix acts on each."""
    return values.view(float).reshape(values.shape[-1], -1)


def _by(matrix: Array, values: Array) -> Array:
    """Return a real matrix times values (layer, pixel), real or complex."""
    return np.asarray((matrix @ values.view(float)).view(values.dtype))
