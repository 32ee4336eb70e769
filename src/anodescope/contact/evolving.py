"""Voids that nucleate, grow, merge and heal at an interface: a contact map that moves in time.

`Voids` is a state, `Laws` says what happens to it, and `step` returns the state a little later.
Nothing is kept between steps, so a cell that simulates something else can own a state and advance
it. The void pattern is periodic; lengths are in cm, volumes in cm³, times in s.

    rng = np.random.default_rng(0)
    places, volumes = rng.random((64, 2)) * 40e-4, rng.uniform(0.5e-12, 1.5e-12, 64)
    state = Voids((40e-4, 40e-4), places, volumes, Cap(130.0))
    state = step(state, 1.0, Laws(coarsening=1e-12))
    contact = contact_map(state, pixel=0.5e-4)

Equal voids do not coarsen: start from unequal ones.

What is law and what is assumed. The coarsening law is that of Lifshitz, Slyozov and Wagner with
voids on a plane in place of grains in a volume; rates are the user's. That voids share a flux by
the radius of their bases, that healing is a line that moves at one speed, and the shapes of
`void_shapes` are assumptions, made because they have few numbers, not because they are measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from anodescope.citations import relies_on
from anodescope.contact.checks import at_least_zero, number
from anodescope.contact.face import positive
from anodescope.contact.maps import disc_pixels
from anodescope.contact.void_flows import coarsened, fed
from anodescope.contact.void_shapes import Cap, Pancake, Shape
from anodescope.contact.voids import Voids, between, distances, wrapped
from anodescope.errors import SettingsError

__all__ = [
    "Cap",
    "Laws",
    "Pancake",
    "Shape",
    "Voids",
    "coalesced",
    "contact_map",
    "grow",
    "heal",
    "merge",
    "nucleate",
    "step",
    "void_depth",
]

Array = np.ndarray[Any, np.dtype[Any]]

# Each takes about 20 µs; more in one step is more likely a slip in a unit.
MOST_BIRTHS = 1_000_000


@final
@dataclass(frozen=True, slots=True)
class Laws:
    """What happens to voids, and how fast; a rate of 0 switches its law off.

    Attributes
    ----------
    nucleation : births per area in contact and time, 1/(cm² s), at random places.
    nucleus : volume of a void at birth (cm³); births add it to the total.
    flux : volume of void made per area of the whole face and time (cm/s). Positive where more metal
        is stripped than flows in; a current density i (A/cm²) that leaves all its metal's volume
        behind makes i·V_m/F (2.5 nm/s at 1 mA/cm² of Na). Negative fills voids. Each void takes
        its share by the radius of its base, as diffusion to a disc does.
    coarsening : K (cm³/s) of dV/dt = K(a/ā − 1): voids wider than the mean grow at the cost of the
        others, the total constant. For caps of volume g·a³, ā³ comes to grow by 4K/(27g) a second.
    coalescence : whether voids that touch become one of their summed volume.
    healing : speed (cm/s) at which the rim of every base moves inwards; volume is lost.
    """

    nucleation: float = 0.0
    nucleus: float = 0.0
    flux: float = 0.0
    coarsening: float = 0.0
    coalescence: bool = True
    healing: float = 0.0

    def __post_init__(self) -> None:
        for name in ("nucleation", "nucleus", "coarsening", "healing"):
            at_least_zero(name, getattr(self, name))
        number("flux", self.flux, "a finite number (cm/s)")
        if not isinstance(self.coalescence, bool | np.bool_):
            raise SettingsError(f"coalescence: expected True or False, found {self.coalescence!r}.")
        if self.nucleation > 0.0 and self.nucleus == 0.0:
            raise SettingsError("nucleus: voids cannot be born without a volume (cm³), found 0.")


def step(state: Voids, duration: float, laws: Laws) -> Voids:
    """Return the voids a time step later.

    Growth and healing act in halves about coarsening (Strang), then births and touching follow.
    Each law alone may take a step of any length: growth and healing are exact, coarsening takes
    substeps. That laws act one after another is an error: it falls with the third power of the
    step's length while voids only change size, and with the second where one is born, vanishes or
    touches another. Halve the step to see it.

    Parameters
    ----------
    state : the voids now; not changed.
    duration : of the step (s).
    laws : what happens.

    Raises
    ------
    SettingsError
        for a duration that is not above 0, and as `nucleate`.
    """
    duration = positive("duration", duration, "s")
    state = grow(state, duration / 2.0, laws.flux)
    state = heal(state, duration / 2.0, laws.healing)
    state = merge(state, duration, laws.coarsening)
    state = heal(state, duration / 2.0, laws.healing)
    state = grow(state, duration / 2.0, laws.flux)
    if laws.nucleation > 0.0:
        state = nucleate(state, duration, laws.nucleation, laws.nucleus)
    if laws.coalescence:
        state = coalesced(state)
    return replace(state, time=state.time + duration)


def nucleate(state: Voids, duration: float, rate: float, volume: float) -> Voids:
    """Return the voids and those born at random in contact, `rate` in 1/(cm² s), `volume` in cm³.

    A try comes each time the exposure rate × face × time has grown by an exponential number of
    the seed's stream; one that falls into a void is lost. So times and places of tries do not
    depend on how time is cut into steps. Which of them are lost does, where voids change meanwhile:
    a try meets the voids as they are at this call.

    Raises
    ------
    SettingsError
        for a duration or volume that is not above 0, a rate that is not a finite one of 0 or more,
        and for more than a million tries at once.
    """
    duration, rate = (
        positive("duration", duration, "s"),
        at_least_zero("rate", rate),
    )
    volume = positive("volume", volume, "cm³")
    expected = state.exposure + rate * state.area * duration
    if not expected <= MOST_BIRTHS:
        raise SettingsError(
            f"rate: expected at most {MOST_BIRTHS} births a step, found {expected:g}. "
            "Try a smaller rate or face."
        )
    born, tries = state.born, []
    while True:
        stream = np.random.default_rng((state.seed, born))
        wait = stream.exponential()
        if wait > expected:
            break
        expected -= wait
        born += 1
        tries.append(stream.random(2) * state.face)
    places = wrapped(np.reshape(tries, (-1, 2)), state.face)
    places = places[_free(state, places, float(state.shape.radius(np.asarray(volume))))]
    positions = np.concatenate([state.positions, places])
    volumes = np.concatenate([state.volumes, np.full(len(places), volume)])
    return replace(state, positions=positions, volumes=volumes, born=born, exposure=expected)


def _free(state: Voids, places: Array, radius: float) -> Array:
    """Return which places (in their order) lie in no base, nor in that of an earlier birth."""
    from scipy.spatial import cKDTree

    free = np.ones(len(places), dtype=bool)
    if not free.size:
        return free
    tree = cKDTree(places, boxsize=state.face)
    void, inside = _pairs(tree.query_ball_point(state.positions, state.radii))
    away = distances(state.positions[void], places[inside], state.face)
    free[inside[away < state.radii[void]]] = False
    for index, place in enumerate(places):
        if free[index]:
            later = np.asarray(tree.query_ball_point(place, radius), dtype=int)
            later = later[later > index]
            free[later[distances(place, places[later], state.face) < radius]] = False
    return free


def _pairs(near: Any) -> tuple[Array, Array]:
    """Return the pairs (which, neighbour) of what `query_ball_point` found."""
    found = [np.asarray(each, dtype=int) for each in near]
    first = np.repeat(np.arange(len(found)), [each.size for each in found])
    return first, np.concatenate([*found, np.empty(0, dtype=int)])


def grow(state: Voids, duration: float, flux: float) -> Voids:
    """Return the voids after a flux (cm/s) of volume, shared by the radii of their bases, exactly.

    The total changes by flux × face × duration to rounding. Without a void it waits; a negative
    flux takes what waits, then the voids, and ends when there is nothing left.

    Raises
    ------
    SettingsError
        for a duration that is not above 0, and a flux that is not finite.
    """
    duration = positive("duration", duration, "s")
    flux = number("flux", flux, "a finite number (cm/s)")
    if flux == 0.0 and state.waiting == 0.0:
        return state
    made = flux * state.area * duration + state.waiting
    if state.volumes.size == 0:
        return replace(state, waiting=max(made, 0.0))
    if state.volumes.sum() + made <= 0.0:
        return replace(_chosen(state, np.zeros_like(state.volumes)), waiting=0.0)
    return replace(_chosen(state, fed(state.shape, state.volumes, made)), waiting=0.0)


def heal(state: Voids, duration: float, speed: float) -> Voids:
    """Return the voids after the rims of their bases moved inwards at a speed (cm/s), exactly.

    Raises
    ------
    SettingsError
        for a duration that is not above 0, and a speed that is not a finite one of 0 or more.
    """
    duration, speed = positive("duration", duration, "s"), at_least_zero("speed", speed)
    if speed == 0.0:
        return state
    radii = np.maximum(state.radii - speed * duration, 0.0)
    return _chosen(state, state.shape.volume(radii))


@relies_on("lifshitz1961", "wagner1961")
def merge(state: Voids, duration: float, coarsening: float) -> Voids:
    """Return the voids after small ones fed larger ones at constant total volume.

    dV/dt = K(a/ā − 1), K in cm³/s: exchange by diffusion between bases whose equilibrium
    concentration rises as 1/a (Lifshitz & Slyozov 1961, doi:10.1016/0022-3697(61)90054-3; Wagner
    1961, doi:10.1002/bbpc.19610650704), with the mean field that keeps the total. The equation is
    solved in substeps (`void_flows`), so a long duration is as good as many short ones: volumes
    agree to 1 % of the mean one, but for voids so alike that rounding decides which one stays.

    Raises
    ------
    SettingsError
        for a duration that is not above 0, and a coarsening that is not a finite one of 0 or more.
    """
    duration, coarsening = (
        positive("duration", duration, "s"),
        at_least_zero("coarsening", coarsening),
    )
    if coarsening == 0.0 or state.volumes.size < 2:
        return state
    return _chosen(state, coarsened(state.shape, state.volumes, duration, coarsening))


def coalesced(state: Voids) -> Voids:
    """Return the voids after those that touch became one, until none touch.

    Voids touch by their bases, or by their bellies where caps overhang their bases (angles below
    90). A pair becomes one void of the summed volume at the centre of the two volumes; the deepest
    overlaps go first. A merged cap is narrower than the two together, a merged pancake is not.
    """
    while True:
        first, second = _touching(state)
        if first.size == 0:
            return state
        taken = np.zeros(state.volumes.size, dtype=bool)
        gone = np.zeros_like(taken)
        positions, volumes = state.positions.copy(), state.volumes.copy()
        for i, j in zip(first.tolist(), second.tolist(), strict=True):
            if taken[i] or taken[j]:
                continue
            taken[i] = taken[j] = gone[j] = True
            total = volumes[i] + volumes[j]
            positions[i] += volumes[j] / total * between(positions[i], positions[j], state.face)
            volumes[i] = total
        state = replace(state, positions=positions[~gone], volumes=volumes[~gone])


def _touching(state: Voids) -> tuple[Array, Array]:
    """Return the pairs of voids that touch, deepest overlap first, ties by their order."""
    from scipy.spatial import cKDTree

    if state.volumes.size < 2:
        none = np.empty(0, dtype=int)
        return none, none
    radii = state.radii
    tree = cKDTree(state.positions, boxsize=state.face)
    # A void touches those no wider than itself nearer than one like it: no pair is missed, and a
    # single wide void does not make every small one look far.
    near = tree.query_ball_point(state.positions, state.shape.touching(radii, radii))
    first, second = _pairs(near)
    wider = (radii[first] > radii[second]) | ((radii[first] == radii[second]) & (first < second))
    first, second = first[wider], second[wider]
    apart = distances(state.positions[first], state.positions[second], state.face)
    overlap = state.shape.touching(radii[first], radii[second]) - apart
    order = np.lexsort((second, first, -overlap))
    order = order[overlap[order] >= 0.0]
    return first[order], second[order]


def contact_map(state: Voids, *, pixel: float) -> Array:
    """Return the map (y, x) bool of pixels whose centre lies in no base.

    Raises
    ------
    SettingsError
        for a pixel (cm) that does not divide both sides of the face.
    """
    return np.asarray(void_depth(state, pixel=pixel) == 0.0)


def void_depth(state: Voids, *, pixel: float) -> Array:
    """Return the height (cm) of the gap at each pixel's centre (y, x), 0 in contact.

    A gap of height h has the capacitance ε0/h; at the rim of a cap it has no bound.

    Raises
    ------
    SettingsError
        for a pixel (cm) that does not divide both sides of the face.
    """
    counts = np.asarray(state.face) / positive("pixel", pixel, "cm")
    whole = np.rint(counts)
    if np.any(np.abs(counts - whole) > 1e-6 * whole) or np.any(whole < 1):
        raise SettingsError(
            f"pixel: expected one that divides a face of {state.face[0]:g} by {state.face[1]:g} cm,"
            f" found {pixel:g}."
        )
    shape = (int(whole[0]), int(whole[1]))
    depth = np.zeros(shape)
    # Also at the very rim, where a cap has no height, the pixel is not in contact.
    least = np.finfo(float).tiny
    for centre, radius in zip(state.positions, state.radii, strict=True):
        rows, columns, squared = disc_pixels(shape, centre / pixel, radius / pixel)
        here = state.shape.depth(float(radius), np.sqrt(squared) * pixel)
        np.maximum.at(depth, (rows, columns), np.maximum(here, least))
    return depth


def _chosen(state: Voids, volumes: Array) -> Voids:
    alive = volumes > 0.0
    return replace(state, positions=state.positions[alive], volumes=volumes[alive])
