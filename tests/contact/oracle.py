"""The same equations without any speed: dense matrices, one wave at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def reach_matrix(shape: tuple[int, int], pixel: float, thickness: float, orders: int = 60) -> Array:
    """T (cm) between the pixels of a periodic face, by the sum over all its waves.

    A pixel's even current is a sum of waves with the factor sinc of half the phase along each
    axis; the mean potential of a pixel takes the same factor once more.
    """
    ny, nx = shape
    total = np.zeros((ny, nx))
    y, x = np.arange(ny)[:, None], np.arange(nx)[None, :]
    # All waves p of an axis with |p| ≤ orders · n, those of one remainder p mod n together.
    for p in range(ny):
        for q in range(nx):
            py = p + ny * np.arange(-orders, orders + 1)[:, None]
            qx = q + nx * np.arange(-orders, orders + 1)[None, :]
            k = 2 * np.pi * np.hypot(py / (ny * pixel), qx / (nx * pixel))
            depth = np.where(k > 0, k, 1.0)
            t = np.where(k > 0, np.tanh(depth * thickness) / depth, thickness)
            weight = (np.sinc(py / ny) * np.sinc(qx / nx)) ** 2
            total += (t * weight).sum() * np.cos(2 * np.pi * (p * y / ny + q * x / nx)) / (ny * nx)
    rows = [np.roll(np.roll(total, j, 0), i, 1).ravel() for j in range(ny) for i in range(nx)]
    return np.asarray(rows)


def dense(reach: Array, kappa: complex, admittance: Array) -> tuple[complex, Array]:
    """Impedance (Ω·cm²) and current density (y, x) at 1 V, by a dense solve."""
    y = admittance.ravel()
    on = y != 0
    with np.errstate(divide="ignore", invalid="ignore"):
        film = np.where(np.isinf(y[on]), 0.0, 1.0 / y[on])
    matrix = np.diag(film) + reach[np.ix_(on, on)] / kappa
    current = np.zeros(y.size, complex)
    current[on] = np.linalg.solve(matrix, np.ones(on.sum()))
    return complex(1.0 / current.mean()), current.reshape(admittance.shape)


def mirrored(map_: Array) -> Array:
    """The periodic map that walls of mirrors make of this one."""
    both = np.concatenate([map_, map_[::-1]], 0)
    return np.concatenate([both, both[:, ::-1]], 1)
