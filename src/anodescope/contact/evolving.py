"""Voids that nucleate, grow, merge and heal at an interface: a contact map that moves in time.

`Voids` is a state, `Laws` says what happens to it, and `step` returns the state a little later.
Nothing is kept between steps, so a cell that simulates something else can own a state and advance
it. The void pattern is periodic; lengths are in cm, volumes in cm³, times in s.

    state = Voids.regular((40e-4, 40e-4), (8, 8), volume=1e-12, shape=Cap(130.0))
    state = step(state, 0.1, Laws(coarsening=1e-12))
    contact = contact_map(state, pixel=0.1e-4)

What is law and what is assumed. The coarsening law is that of Lifshitz, Slyozov and Wagner with
voids on a plane in place of grains in a volume; rates are the user's. That voids share a flux by
the radius of their bases, that healing is a line that moves at one speed, and the shapes of
`void_shapes` are assumptions, made because they have few numbers, not because they are measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np

from anodescope.citations import relies_on
from anodescope.contact.face import positive
from anodescope.contact.maps import disc_pixels, whole_seed
from anodescope.contact.void_shapes import Cap, Pancake, Shape
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


@final
@dataclass(frozen=True, slots=True, eq=False)
class Voids:
    """The voids of one periodic face at one instant.

    Attributes
    ----------
    face : sides of the face (y, x), cm.
    positions : (void, 2), middle of each base (y, x), cm.
    volumes : (void,), cm³, above 0.
    shape : how radius and depth follow from the volume.
    time : s.
    waiting : volume (cm³) that a flux has made while there was no void to take it.
    seed, born, exposure : the random stream of births: its seed, the births drawn so far, and the
        expected number of births since the last one.
    """

    face: tuple[float, float]
    positions: Array
    volumes: Array
    shape: Shape = field(default_factory=Cap)
    time: float = 0.0
    waiting: float = 0.0
    seed: int = 0
    born: int = 0
    exposure: float = 0.0

    def __post_init__(self) -> None:
        if len(self.face) != 2:
            raise SettingsError(f"face: expected two sides (y, x) in cm, found {self.face!r}.")
        sides = (positive("face", self.face[0], "cm"), positive("face", self.face[1], "cm"))
        positions = np.asarray(self.positions, dtype=float).reshape(-1, 2) % np.asarray(sides)
        volumes = np.asarray(self.volumes, dtype=float)
        if volumes.shape != (len(positions),):
            raise SettingsError(
                f"volumes: expected one for each of {len(positions)} positions, "
                f"found the shape {volumes.shape}."
            )
        finite = np.isfinite(positions).all() and np.isfinite(volumes).all()
        if not finite or np.any(volumes <= 0.0):
            raise SettingsError("positions and volumes: expected finite ones, volumes above 0.")
        whole_seed(self.seed)
        for array in (positions, volumes):
            array.setflags(write=False)
        object.__setattr__(self, "face", sides)
        object.__setattr__(self, "positions", positions)
        object.__setattr__(self, "volumes", volumes)

    @classmethod
    def none(cls, face: tuple[float, float], shape: Shape | None = None, seed: int = 0) -> Voids:
        """Return a face without voids."""
        return cls(face, np.empty((0, 2)), np.empty(0), shape or Cap(), seed=seed)

    @classmethod
    def regular(
        cls,
        face: tuple[float, float],
        count: tuple[int, int],
        *,
        volume: float,
        shape: Shape | None = None,
    ) -> Voids:
        """Return count (y, x) equal voids on a rectangular lattice."""
        y, x = ((np.arange(n) + 0.5) * side / n for n, side in zip(count, face, strict=True))
        positions = np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1).reshape(-1, 2)
        return cls(face, positions, np.full(len(positions), volume), shape or Cap())

    @property
    def area(self) -> float:
        """Area of the face (cm²)."""
        return self.face[0] * self.face[1]

    @property
    def radii(self) -> Array:
        """Radius of each base (void,), cm."""
        return self.shape.radius(self.volumes)

    @property
    def total_volume(self) -> float:
        """Volume of all voids and of what waits for one (cm³)."""
        return float(self.volumes.sum()) + self.waiting

    @property
    def contact_fraction(self) -> float:
        """Fraction of the face outside the bases; exact while no bases overlap."""
        return 1.0 - float(np.pi * (self.radii**2).sum()) / self.area


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
    coalescence : whether bases that touch become one void of their summed volume.
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
            value = getattr(self, name)
            if not 0.0 <= value < np.inf:
                raise SettingsError(f"{name}: expected a number of 0 or more, found {value!r}.")
        if not np.isfinite(self.flux):
            raise SettingsError(f"flux: expected a finite number (cm/s), found {self.flux!r}.")
        if self.nucleation > 0.0 and self.nucleus == 0.0:
            raise SettingsError("nucleus: voids cannot be born without a volume (cm³), found 0.")


def step(state: Voids, duration: float, laws: Laws) -> Voids:
    """Return the voids a time step later.

    Growth and healing act in halves about coarsening (Strang), then births and touching follow. So
    the error of a step falls with the third power of its length while voids only change size, and
    with the second where one is born, vanishes or touches another.

    Parameters
    ----------
    state : the voids now; not changed.
    duration : of the step (s).
    laws : what happens.

    Raises
    ------
    SettingsError
        for a duration that is not above 0.
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
    """Return the voids and those born at random in contact, `rate` in 1/(cm² s).

    A birth comes each time the exposure rate × face × time has grown by an exponential number of
    the seed's stream; one that would fall into a void is lost. So times and places of births do not
    depend on how time is cut into steps.
    """
    expected = state.exposure + rate * state.area * duration
    born, places = state.born, list(state.positions)
    volumes, radii = list(state.volumes), list(state.radii)
    while True:
        stream = np.random.default_rng((state.seed, born))
        wait = stream.exponential()
        if wait > expected:
            break
        expected -= wait
        born += 1
        place = stream.random(2) * state.face
        if np.all(_distances(place, np.reshape(places, (-1, 2)), state.face) >= radii):
            places.append(place)
            volumes.append(volume)
            radii.append(float(state.shape.radius(np.asarray(volume))))
    positions = np.reshape(places, (-1, 2))
    return replace(
        state, positions=positions, volumes=np.asarray(volumes), born=born, exposure=expected
    )


def grow(state: Voids, duration: float, flux: float) -> Voids:
    """Return the voids after a flux (cm/s) of volume, shared by the radii of their bases.

    The total changes by flux × face × duration to rounding. Without a void it waits; a negative
    flux takes what waits, then the voids, and ends when there is nothing left.
    """
    if flux == 0.0 and state.waiting == 0.0:
        return state
    made = flux * state.area * duration + state.waiting
    if state.volumes.size == 0:
        return replace(state, waiting=max(made, 0.0))
    if state.volumes.sum() + made <= 0.0:
        return replace(_chosen(state, np.zeros_like(state.volumes)), waiting=0.0)

    def shared(volumes: Array) -> Array:
        radii = state.shape.radius(volumes)
        return np.asarray(made * radii / radii.sum())

    return _kept(replace(state, waiting=0.0), _heun(state.volumes, shared), made)


def heal(state: Voids, duration: float, speed: float) -> Voids:
    """Return the voids after the rims of their bases moved inwards at a speed (cm/s), exactly."""
    if speed == 0.0:
        return state
    radii = np.maximum(state.radii - speed * duration, 0.0)
    return _chosen(state, state.shape.volume(radii))


@relies_on("lifshitz1961", "wagner1961")
def merge(state: Voids, duration: float, coarsening: float) -> Voids:
    """Return the voids after small ones fed larger ones at constant total volume.

    dV/dt = K(a/ā − 1), K in cm³/s: exchange by diffusion between bases whose equilibrium
    concentration rises as 1/a (Lifshitz & Slyozov 1961, doi:10.1016/0022-3697(61)90054-3; Wagner
    1961, doi:10.1002/bbpc.19610650704), with the mean field that keeps the total.
    """
    if coarsening == 0.0 or state.volumes.size < 2:
        return state

    def exchanged(volumes: Array) -> Array:
        radii = state.shape.radius(volumes)
        return np.asarray(coarsening * duration * (radii / radii.mean() - 1.0))

    return _kept(state, _heun(state.volumes, exchanged), 0.0)


def coalesced(state: Voids) -> Voids:
    """Return the voids after those whose bases touch became one, until none touch.

    A pair becomes one void of the summed volume at the centre of the two volumes; the deepest
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
            positions[i] += volumes[j] / total * _between(positions[i], positions[j], state.face)
            volumes[i] = total
        state = replace(state, positions=positions[~gone], volumes=volumes[~gone])


def _touching(state: Voids) -> tuple[Array, Array]:
    """Return the pairs of voids whose bases touch, deepest overlap first, ties by their order."""
    from scipy.spatial import cKDTree

    if state.volumes.size < 2:
        none = np.empty(0, dtype=int)
        return none, none
    radii = state.radii
    tree = cKDTree(state.positions, boxsize=state.face)
    # A void reaches those no wider than itself within its own diameter: no pair is missed, and a
    # single wide void does not make every small one look far.
    near = tree.query_ball_point(state.positions, 2.0 * radii)
    counts = np.asarray([len(each) for each in near])
    first = np.repeat(np.arange(radii.size), counts)
    second = np.concatenate([np.asarray(each, dtype=int) for each in near])
    wider = (radii[first] > radii[second]) | ((radii[first] == radii[second]) & (first < second))
    first, second = first[wider], second[wider]
    apart = _distances(state.positions[first], state.positions[second], state.face)
    overlap = radii[first] + radii[second] - apart
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


def _heun(volumes: Array, change: Any) -> Array:
    """Advance by the mean of the changes at the start and at the end (order 2)."""
    early = change(volumes)
    late = change(np.maximum(volumes + early, 0.0))
    return np.asarray(volumes + (early + late) / 2.0)


def _kept(state: Voids, volumes: Array, made: float) -> Voids:
    """Drop the voids that ran empty; the others bear what these could not give."""
    rest = np.maximum(volumes, 0.0)
    return _chosen(state, rest * ((state.volumes.sum() + made) / rest.sum()))


def _chosen(state: Voids, volumes: Array) -> Voids:
    alive = volumes > 0.0
    return replace(state, positions=state.positions[alive], volumes=volumes[alive])


def _between(start: Array, end: Array, face: tuple[float, float]) -> Array:
    """Shortest way from one place to another on the periodic face."""
    way = end - start
    return np.asarray(way - np.asarray(face) * np.rint(way / np.asarray(face)))


def _distances(places: Array, others: Array, face: tuple[float, float]) -> Array:
    return np.asarray(np.hypot(*np.moveaxis(_between(places, others, face), -1, 0)))
