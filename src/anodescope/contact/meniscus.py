"""How far a liquid sinks into a rough wall: a meniscus between contact lines that obey Young.

Lengths are in pixels here, so the only numbers are the load pΔ/σ (pressure p, pixel Δ, tension σ)
and the contact angle. `anodescope.contact.wetting` has the units and states the rule.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from anodescope.compiling import compiled
from anodescope.errors import Outcome

Array = np.ndarray[Any, np.dtype[Any]]

# Over-relaxation for voids of some 60 pixels: larger ones converge more slowly, smaller ones as
# fast as this factor lets them.
RELAXATION = 1.9
# A sweep that moves no pixel by more (in pixels) ends the relaxation: 1e-3 or less of the slopes
# that decide, even where a sweep takes away only a thousandth of the error.
STILL = 1e-7
# Sweeps in all. The most seen, for 256² pixels that are dry but for one peak, is 3e5.
SWEEPS = 2_000_000


def press(
    heights: Array, load: float, angle: float, mirror: bool, start: tuple[Array, Array] | None
) -> tuple[Array, Array, Outcome]:
    """Press the liquid against the wall until no contact line moves.

    Parameters
    ----------
    heights : (y, x) of the wall, in pixels.
    load : pressure · pixel / surface tension, 0 or more.
    angle : contact angle (rad).
    mirror : whether the map ends at mirrors; else it repeats.
    start : contact and surface at a lower load or a larger angle, where known.

    Returns
    -------
    contact (y, x) bool; the liquid's lower surface (y, x), in pixels; how it ended.
    """
    wall = np.ascontiguousarray(heights, dtype=float).ravel()
    beside = _neighbours(heights.shape, mirror)
    hold = holding(wall, beside, np.pi - angle)
    if start is None:
        contact = np.zeros(wall.size, dtype=np.bool_)
        contact[np.argmax(wall)] = True
        level = np.full(wall.size, wall.max())
    else:
        contact, level = start[0].ravel().copy(), start[1].ravel().copy()
    level[contact] = wall[contact]
    left, moved = SWEEPS, True
    while moved and left > 0:
        voids = np.flatnonzero(~contact)
        left -= _settle(wall, hold, contact, level, voids, beside, load, left)
        touches = voids[level[voids] <= wall[voids] + STILL]
        contact[touches] = True
        moved = touches.size > 0
    outcome = Outcome.converged if left > 0 else Outcome.max_steps
    return contact.reshape(heights.shape), level.reshape(heights.shape), outcome


def holding(wall: Array, beside: Array, least: float) -> Array:
    """Return the most that each side of a pixel (pixel, 4) can hold when a contact line lies in it.

    A line on a wall that falls by α towards the void holds a surface that falls by α − `least`
    (Gibbs, `least` = π − θ), so it bears sin(α − least) per length. The sides of a slanting line
    share that by the direction in which the wall falls, so a side along a steep wall holds nothing
    and draws nothing. Below zero the line is drawn on.
    """
    drop = wall[beside] - wall[:, None]
    down, across = drop[:, :2].max(axis=1).clip(0.0), drop[:, 2:].max(axis=1).clip(0.0)
    steep = np.hypot(down, across)
    bears = np.sin(np.arctan(steep) - least)[:, None]
    part = drop / np.where(steep > 0.0, steep, 1.0)[:, None]
    uphill = -np.sin(np.minimum(least - np.arctan(np.minimum(drop, 0.0)), np.pi / 2))
    shared = np.maximum(bears * part, uphill)
    return np.asarray(np.where(bears > 0.0, shared, np.where(drop > 0.0, bears, uphill)))


def _neighbours(shape: tuple[int, ...], mirror: bool) -> Array:
    """Return the flat index of the pixel above, below, left and right of each (pixel, 4)."""
    flat = np.arange(shape[0] * shape[1]).reshape(shape)
    wide = np.pad(flat, 1, mode="edge" if mirror else "wrap")
    around = (wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:])
    return np.stack([each.ravel() for each in around], axis=1)


@compiled
def _settle(
    wall: Array,
    hold: Array,
    contact: Array,
    level: Array,
    voids: Array,
    beside: Array,
    load: float,
    most: int,
) -> int:
    """Relax the surface above the voids in place, by projected over-relaxation; return the sweeps.

    Over the four sides of a pixel, Σ sin ψ is the load where the liquid hangs free, and u ≥ h
    everywhere. On a side in contact sin ψ is at most what the line holds. This is the least of a
    convex energy; each side is weighted as its present drop asks, which never raises that energy.
    """
    for sweep in range(most):
        largest = 0.0
        for at in voids:
            old = level[at]
            pull = -load
            stiff = 0.0
            for k in range(4):
                to = beside[at, k]
                rise = level[to] - old
                weight = 1.0 / math.sqrt(1.0 + rise * rise)
                force = weight * rise
                pull += min(force, hold[at, k]) if contact[to] else force
                stiff += weight
            new = max(old + RELAXATION * pull / stiff, wall[at])
            level[at] = new
            largest = max(largest, abs(new - old))
        if largest <= STILL:
            return sweep + 1
    return most
