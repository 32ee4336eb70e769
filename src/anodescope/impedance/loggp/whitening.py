"""One spectrum made ready to be inverted: weighed by its size, scaled to one; compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anodescope.compiling import compiled_fast
from anodescope.impedance.loggp.design import Design

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

# |Z| below this share of the median of its five neighbours is not taken at its word.
DIP = 0.5
# |Z| below this share of the largest counts as so large.
LEAST_SIZE = 1e-12


def whitened(
    design: Design, impedance: Complexes, relative: Floats | None, rank: int
) -> tuple[Floats, Floats, Floats, Floats, float, float]:
    """Whiten one spectrum by |Z|.

    Parameters
    ----------
    impedance : (Ω), in the design's order, shape (F,).
    relative : noise over |Z| but for a factor, of both parts, shape (2F,); None: the same for all.
    rank : of the kernel, an index of `design.RANKS`.

    Returns
    -------
    weight : of real and imaginary parts over `scale`, shape (2F,).
    data : whitened impedance over `scale`, shape (2F,).
    left, right : whitened kernel ≈ left @ right, (2F, r) and (r, T).
    scale : largest |Z| (Ω).
    spread : span of Re Z over `scale`.
    """
    noise = np.ones(2 * impedance.size) if relative is None else relative
    weight, data, left, scale, spread = _weighed(
        np.abs(impedance), np.asarray(impedance, np.complex128), noise, design.left[rank]
    )
    return weight, data, left, design.right[rank], scale, spread


@compiled_fast
def _weighed(
    size: Floats, impedance: Complexes, noise: Floats, left: Floats
) -> tuple[Floats, Floats, Floats, float, float]:
    points = size.size
    scale, least, most = 0.0, np.inf, -np.inf
    for i in range(points):
        scale = max(scale, size[i])
        least, most = min(least, impedance[i].real), max(most, impedance[i].real)
    raised = without_dips(size)
    weight, data = np.empty(2 * points), np.empty(2 * points)
    for i in range(points):
        own = scale / max(raised[i], LEAST_SIZE * scale)
        weight[i], weight[points + i] = own / noise[i], own / noise[points + i]
        data[i] = impedance[i].real / scale * weight[i]
        data[points + i] = impedance[i].imag / scale * weight[points + i]
    found = np.empty((2 * points, left.shape[1]))
    for i in range(2 * points):
        for k in range(left.shape[1]):
            found[i, k] = left[i, k] * weight[i]
    return weight, data, found, scale, (most - least) / scale


@compiled_fast
def without_dips(size: Floats) -> Floats:
    """Raise single |Z| far below their neighbours, which would outweigh all others."""
    points = size.size
    raised, near = np.empty(points), np.empty(5)
    for i in range(points):
        raised[i] = size[i]
        if points >= 5:
            for k in range(5):
                near[k] = size[min(max(i + k - 2, 0), points - 1)]
            raised[i] = max(size[i], DIP * median(near))
    return raised


@compiled_fast
def median(values: Floats) -> float:
    """Return the median, by Hoare's selection; `values` stays as it is."""
    # Loops in place of NumPy's functions: each of those would be compiled as well, for seconds.
    work = np.empty(values.size)
    for k in range(work.size):
        work[k] = values[k]
    middle = work.size // 2
    low, high = 0, work.size - 1
    while low < high:
        pivot = work[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while work[i] < pivot:
                i += 1
            while work[j] > pivot:
                j -= 1
            if i <= j:
                work[i], work[j] = work[j], work[i]
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            break
    if work.size % 2:
        return float(work[middle])
    below = work[0]
    for k in range(middle):
        below = max(below, work[k])
    return float(0.5 * (below + work[middle]))
