"""How far a liquid sinks into a rough wall: a meniscus between contact lines that obey Young.

Lengths are in pixels here, so the only numbers are the load pΔ/σ (pressure p, pixel Δ, tension σ)
and the contact angle. `anodescope.contact.wetting` has the units and states the rule.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from anodescope.compiling import compiled
from anodescope.errors import Cancelled, Outcome
from anodescope.running import Run

Array = np.ndarray[Any, np.dtype[Any]]

# Over-relaxation for voids of some 60 pixels: larger ones converge more slowly, smaller ones as
# fast as this factor lets them.
RELAXATION = 1.9
# A sweep that moves no pixel by more (in pixels) ends the relaxation: 1e-3 or less of the slopes
# that decide, even where a sweep takes away only a thousandth of the error.
STILL = 1e-7
# Sweeps in all. The most seen, for 256² pixels that are dry but for one peak, is 3e5.
SWEEPS = 2_000_000
# Sweeps that mark what the surface touches as it sinks, before each relaxation: two thirds of the
# time of relaxing alone, for the same map. 10 or 50 take as long.
PLUNGE = 20
# Pixels moved between two questions to the run: about a second.
PATIENCE = 50_000_000


def press(
    heights: Array,
    load: float,
    angle: float,
    mirror: bool,
    start: tuple[Array, Array] | None,
    run: Run,
) -> tuple[Array, Array, Outcome]:
    """Press the liquid against the wall until no contact line moves.

    Parameters
    ----------
    heights : (y, x) of the wall, in pixels.
    load : pressure · pixel / surface tension, 0 or more.
    angle : contact angle (rad).
    mirror : whether the map ends at mirrors; else it repeats.
    start : contact and surface at a lower load, where known.
    run : told the pixels touched, asked whether to stop.

    Returns
    -------
    contact (y, x) bool; the liquid's lower surface (y, x), in pixels; how it ended.

    Raises
    ------
    Cancelled
        when the run says so.
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
    left, moved, still = SWEEPS, True, False
    while moved and left > 0:
        while left > 0:
            _ask(run, contact)
            voids = np.flatnonzero(~contact)
            left -= PLUNGE
            if not _sink(wall, hold, contact, level, voids, beside, load, PLUNGE):
                break
        still = False
        while not still and left > 0:
            _ask(run, contact)
            most = min(left, max(1, PATIENCE // max(voids.size, 1)))
            done, still = _settle(wall, hold, contact, level, voids, beside, load, most)
            left -= done
        touches = voids[level[voids] <= wall[voids] + STILL] if still else voids[:0]
        contact[touches] = True
        moved = touches.size > 0
    outcome = Outcome.converged if still and not moved else Outcome.max_steps
    return contact.reshape(heights.shape), level.reshape(heights.shape), outcome


def _ask(run: Run, contact: Array) -> None:
    run.progress("meniscus", int(contact.sum()), contact.size)
    if run.cancelled():
        raise Cancelled(f"meniscus: stopped with {contact.mean():.0%} touched.")


def holding(wall: Array, beside: Array, least: float) -> Array:
    """Return the most that each side of a pixel (pixel, 4) can hold when a contact line lies in it.

    A line on a wall that falls by α towards the void holds a surface that falls by α − `least`
    (Gibbs, `least` = π − θ), so it bears sin(α − least) per length. The sides of a slanting line
    share that by the direction in which the wall falls. A side towards which the wall does not fall
    draws the line on: one along the fall by sin(least), which follows from the angle between the
    normals of wall and surface.

    The slope at a side is its own fall and that across it. Across, a pixel has a slope only where
    the wall goes on in one sense: at a peak, on a ridge or in a valley it has none. Yet around the
    corner of a kink the line turns, and there both sides share one line.
    """
    drop = wall[beside] - wall[:, None]
    falls = drop.clip(0.0)
    slope, turn = (_across(drop, kinks=kinks) for kinks in (False, True))
    bears = np.sin(np.arctan(np.hypot(falls, slope)) - least)
    whole = np.hypot(falls, turn)
    part = drop / np.where(whole > 0.0, whole, 1.0)
    uphill = -np.sin(np.minimum(least - np.arctan(np.minimum(drop, 0.0)), np.pi / 2))
    along = np.where(bears > 0.0, bears * part, bears)
    return np.asarray(np.where(drop > 0.0, along, uphill))


def _across(drop: Array, *, kinks: bool) -> Array:
    """Return the slope across each side of a pixel (pixel, 4), with or without that of kinks.

    It is the harmonic mean of rise and fall: their mean on a wall that bends little, and nothing
    where one of them is nothing. Then the wall has a kink: there it is what the rise has more.
    """
    slopes = []
    for one, two in ((drop[:, 2], drop[:, 3]), (drop[:, 0], drop[:, 1])):
        both = np.abs(one) + np.abs(two)
        slope = np.where(one * two < 0.0, 2.0 * np.abs(one) / np.where(both > 0.0, both, 1.0), 0.0)
        slope *= np.abs(two)
        rise = np.maximum(one, two).clip(0.0)
        slopes += 2 * [np.maximum(slope, rise - slope) if kinks else slope]
    return np.stack(slopes, axis=1)


def _neighbours(shape: tuple[int, ...], mirror: bool) -> Array:
    """Return the flat index of the pixel above, below, left and right of each (pixel, 4)."""
    flat = np.arange(shape[0] * shape[1]).reshape(shape)
    wide = np.pad(flat, 1, mode="edge" if mirror else "wrap")
    around = (wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:])
    return np.stack([each.ravel() for each in around], axis=1)


@compiled
def _pull(
    at: int, hold: Array, contact: Array, level: Array, beside: Array, load: float
) -> tuple[float, float]:
    """Return Σ sin ψ over the sides of a pixel less the load, and the sum of weights.

    A weight is sin ψ over the rise, 1/√(1 + rise²). On a side in contact sin ψ is at most what
    the line holds.
    """
    pull, stiff = -load, 0.0
    for k in range(4):
        to = beside[at, k]
        rise = level[to] - level[at]
        weight = 1.0 / math.sqrt(1.0 + rise * rise)
        pull += min(weight * rise, hold[at, k]) if contact[to] else weight * rise
        stiff += weight
    return pull, stiff


@compiled
def _sink(
    wall: Array,
    hold: Array,
    contact: Array,
    level: Array,
    voids: Array,
    beside: Array,
    load: float,
    sweeps: int,
) -> int:
    """Let the surface sink towards its place, mark in place what it touches; return how many.

    No side pulls more than the height by which it rises, so a quarter of the pull never carries a
    pixel below its place, and a surface above the answer stays above: what it touches is wet.
    """
    touched = 0
    for _ in range(sweeps):
        for at in voids:
            if contact[at]:
                continue
            pull, _ = _pull(at, hold, contact, level, beside, load)
            level[at] = max(level[at] + 0.25 * min(pull, 0.0), wall[at])
            if level[at] == wall[at]:
                contact[at] = True
                touched += 1
    return touched


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
) -> tuple[int, bool]:
    """Relax the surface above the voids in place, by projected over-relaxation.

    Returns the sweeps and whether the last one found it still.

    Where the liquid hangs free the pull is 0, and u ≥ h everywhere. This is the least of a convex
    energy; each side is weighted as its present drop asks, which never raises that energy. A pixel
    rests while neither it nor a neighbour moves; the last sweep is over all of them.
    """
    awake = np.ones(wall.size, dtype=np.bool_)
    full = True
    for sweep in range(most):
        largest = 0.0
        for at in voids:
            if not awake[at]:
                continue
            old = level[at]
            pull, stiff = _pull(at, hold, contact, level, beside, load)
            new = max(old + RELAXATION * pull / stiff, wall[at])
            level[at] = new
            moved = abs(new - old)
            largest = max(largest, moved)
            awake[at] = moved > STILL
            if awake[at]:
                for k in range(4):
                    awake[beside[at, k]] = True
        if largest <= STILL:
            if full:
                return sweep + 1, True
            awake[:] = True
        full = largest <= STILL
    return most, False
