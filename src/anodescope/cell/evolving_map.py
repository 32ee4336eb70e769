"""Loss of contact as a map of voids that form, fill, coarsen, merge and heal while the cell runs.

One map serves the whole interface: every patch has the same contact. The map is a small periodic
piece of it. From time to time (`interval`) the cell tells what charge has passed and how depleted
the surface is, and the voids are taken that much further (`anodescope.contact.evolving`); in
between the contact stays as it is. That is an error of first order in the interval: halve it.

While Na is stripped, voids take the volume k·u² (cm/s; u is the depletion, 0 to 1, and u² its mean
over the patches), but never more than the metal that left, i·V_Na/F. While Na is plated, a share of
the metal fills them. At rest nothing is made: voids coarsen and merge at constant volume, and heal
at their rims if healing is not 0.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from anodescope.cell.constriction import constriction_impedance
from anodescope.cell.law import (
    ACTIVATION,
    STANDARD,
    Around,
    Arrhenius,
    Part,
    checked,
    kind_of,
    number,
    speed,
)
from anodescope.cell.loss import MapLoss
from anodescope.cell.march import depletion
from anodescope.cell.slots import INDEX, NO_LOSS
from anodescope.cell.slow import LEAST_CONTACT
from anodescope.cell.stage import CHARGE, PERIOD
from anodescope.contact.constriction import constriction
from anodescope.contact.evolving import Laws, Voids, coalesced, contact_map, step
from anodescope.contact.measures import statistics
from anodescope.contact.void_shapes import Cap, Pancake, Shape
from anodescope.errors import SettingsError

if TYPE_CHECKING:
    from anodescope.cell.engine import Engine

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]

# The map is drawn, measured and solved anew when the constriction's scale, the voids' radius times
# (1 − c)/c, has changed by this part. In between the constriction goes with its scale, so that the
# error is a small part of that, and less than what maps of one kind differ by.
REDRAW = 0.05
# mA·s in a mAh.
HOUR = 3600.0


class VoidShape(Part):
    """How wide and deep a void is for its volume."""

    __slots__ = ()

    @abstractmethod
    def shape(self) -> Shape:
        """Return the shape as the contact room has it."""


@final
@dataclass(frozen=True, slots=True)
class CapVoids(VoidShape):
    """Spherical caps: merging keeps the volume and gives contact back.

    Attributes
    ----------
    angle : contact angle of the alloy on the electrolyte (°), through the metal; 90 is a half ball.
    """

    angle: float = number(
        90.0, "°", "estimate", "contact angle; none of NaK on NASICON is known", high=180.0,
        top=False,
    )  # fmt: skip

    def shape(self) -> Shape:
        """Return the shape as the contact room has it."""
        return Cap(self.angle)


@final
@dataclass(frozen=True, slots=True)
class PancakeVoids(VoidShape):
    """Flat voids of one depth: merging keeps the covered part.

    Attributes
    ----------
    height : depth, cm.
    """

    height: float = number(1e-4, "cm", "estimate", "depth; 1 µm, that of Pattern's gap", high=1.0)

    def shape(self) -> Shape:
        """Return the shape as the contact room has it."""
        return Pancake(self.height)


@final
@dataclass(frozen=True, slots=True)
class EvolvingMap(MapLoss):
    """Contact by a map of voids, the same for every patch.

    Attributes
    ----------
    flux : k, volume of voids made per area and time at u = 1, cm/s. 1e-7 fills a face with voids
        1 µm deep in 1000 s, about the time that the fitted k_φ of `PowerLoss` takes.
    fill : share of the plated metal that goes into voids, not onto the contact.
    healing : speed of the rims inwards, cm/s; volume is lost. 4e-9 closes voids of 1 µm in the
        25,000 s of the fitted τ_φ.
    coarsening : K of dV/dt = K(a/ā − 1), cm³/s; no rate is known.
    nucleation : births at u = 1 while Na is stripped, 1/(cm² s), scaled by u². nucleus : cm³ each.
    start : share of the face that voids cover at the start. voids : how many there are then, before
        those that touch are one. spread : standard deviation of ln(volume).
    shape : CapVoids or PancakeVoids.
    side, pixels : of the face, cm, and pixels along it. seed : of places, sizes and births.
    interval : between two changes of the map, s.
    solve : True: the constriction is solved for on the map, at direct current and for spectra;
        False: it is looked up, with the length ℓ of the random field that has the map's own
        correlation length. Either needs the cell's `pattern`.
    activation : of flux, healing, coarsening and nucleation, or None.

    Raises
    ------
    SettingsError
        for a number out of its range, and for a map on which no void can ever be.
    """

    flux: float = number(1e-7, "cm/s", "estimate", "k, volume of voids made at u = 1", zero=True)
    fill: float = number(
        1.0, "1", "set", "share of the plated metal that fills voids", zero=True, high=1.0
    )
    healing: float = number(4e-9, "cm/s", "estimate", "speed of the rims inwards", zero=True)
    coarsening: float = number(0.0, "cm³/s", "set", "K of dV/dt = K(a/ā − 1); 0: none", zero=True)
    nucleation: float = number(0.0, "1/(cm² s)", "set", "births at u = 1; 0: none", zero=True)
    nucleus: float = number(1e-14, "cm³", "estimate", "volume of a void at birth; 0.2 µm wide")
    start: float = number(
        0.01, "1", "estimate", "share covered at the start: pits of the electrolyte", zero=True,
        high=0.5,
    )  # fmt: skip
    voids: int = number(40, "1", "set", "voids at the start", low=1, zero=True, high=10000)
    spread: float = number(0.5, "1", "set", "of ln(volume) at the start", zero=True, high=3.0)
    shape: VoidShape = field(
        default=CapVoids(), metadata=kind_of(VoidShape, "width and depth of a void")
    )
    side: float = number(2e-3, "cm", "set", "of the periodic face", high=1.0)
    pixels: int = number(128, "1", "set", "along a side", low=8, zero=True, high=1024)
    seed: int = number(0, "1", "set", "of places, sizes and births", zero=True, high=2**32)
    interval: float = number(1.0, "s", "set", "between two changes of the map")
    solve: bool = False
    activation: Arrhenius | None = field(default=None, metadata=ACTIVATION)

    def __post_init__(self) -> None:
        checked(self)
        for name in ("voids", "pixels", "seed"):
            value = getattr(self, name)
            if value != int(value):
                raise SettingsError(
                    f"EvolvingMap, {name}: expected a whole number, found {value!r}."
                )
            object.__setattr__(self, name, int(value))
        if not isinstance(self.solve, bool):
            raise SettingsError(
                f"EvolvingMap, solve: expected True or False, found {self.solve!r}."
            )
        if self.start == 0.0 and self.nucleation == 0.0:
            raise SettingsError(
                "EvolvingMap, start: expected above 0, or nucleation above 0, found 0 for both: "
                "there would never be a void. Without a loss, give the cell loss=None."
            )

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return that no equation loses contact, and what is missing at the start."""
        return {"loss": NO_LOSS, "loss_start": covered(self.first_voids())}

    def first_voids(self) -> Voids:
        """Return the voids at the start: random places, log-normal volumes, none touching."""
        face, shape = (self.side, self.side), self.shape.shape()
        if self.start == 0.0:
            return Voids.none(face, shape, seed=self.seed)
        random = np.random.default_rng(self.seed)
        places = random.random((self.voids, 2)) * self.side
        volumes = np.exp(self.spread * random.standard_normal(self.voids))
        state = Voids(face, places, volumes, shape, seed=self.seed)
        while True:
            many = state.volumes.size
            # Widening may make some touch, and merging caps uncovers some, until none touch.
            wider = math.sqrt(self.start * state.area / float(np.pi * (state.radii**2).sum()))
            state = coalesced(replace(state, volumes=shape.volume(wider * state.radii)))
            if state.volumes.size == many:
                return state

    def owner(self, engine: Engine) -> MapKeeper:
        """Return who holds the map of one run."""
        return MapKeeper(self, engine)


@final
class MapKeeper:
    """The voids of one run, and what they mean for the cell.

    Parameters
    ----------
    law : what happens to the voids.
    engine : the cell; its contact and constriction are written.

    Raises
    ------
    SettingsError
        for a law that solves for the constriction in a cell that has none.
    """

    def __init__(self, law: EvolvingMap, engine: Engine) -> None:
        from anodescope.materials import FARADAY, GAS_CONSTANT

        p = engine.p
        self.law, self.engine, self.voids = law, engine, law.first_voids()
        self._resistivity, self._thickness = p[INDEX["constriction"]], p[INDEX["thickness"]]
        if law.solve and self._resistivity == 0.0:
            raise SettingsError(
                "EvolvingMap, solve: expected a cell with a pattern and an electrolyte of a "
                "resistance above 0, found no constriction. Give the cell pattern=Pattern()."
            )
        kelvin = p[INDEX["thermal_voltage"]] * FARADAY / GAS_CONSTANT
        self._fast = speed(law.activation, Around(float(kelvin)))
        # Volume that a current density takes along, cm/s per mA/cm².
        self._metal = 1e-3 * float(p[INDEX["volume_na"]]) / FARADAY
        self._theta = np.ones(engine.state.shape[0])
        self._charge, self._depleted = float(engine.once[CHARGE]), self._depletion()
        self._scale, self._ratio = 0.0, 1.0
        self._spectrum: tuple[Voids, Floats, Complex] | None = None
        if law.solve:
            engine.narrowing = self.impedance
        self._write()

    @property
    def interval(self) -> float:
        """Time between two changes of the map (s)."""
        return self.law.interval

    @property
    def contact(self) -> float:
        """Share of the face in contact, as the cell has it."""
        return max(1.0 - covered(self.voids), LEAST_CONTACT)

    @property
    def map(self) -> NDArray[np.bool_]:
        """The contact map (y, x), True in contact."""
        return contact_map(self.voids, pixel=self._pixel)

    def update(self, duration: float) -> None:
        """Take the voids `duration` (s) further by what passed meanwhile, and the contact."""
        charge, before = float(self.engine.once[CHARGE]), self._depleted
        current = (charge - self._charge) * HOUR / duration
        self._charge, self._depleted = charge, self._depletion()
        self.voids = step(self.voids, duration, self._laws(current, (before + self._depleted) / 2))
        self._write()

    def impedance(self, frequency: Floats) -> Complex:
        """Constriction impedance (Ω·cm²) of the present map at frequencies (Hz).

        Where the map has no contact at all, that of the least contact is looked up.
        """
        held = self._spectrum
        if held is not None and held[0] is self.voids and np.array_equal(held[1], frequency):
            return held[2].copy()
        gap = float(self.engine.p[INDEX["gap"]])
        result = self._solved(self.map, gap, np.asarray(frequency, dtype=float))
        if result is None:
            result = constriction_impedance(
                np.full(frequency.size, self.contact),
                np.full(frequency.size, np.cbrt(self.engine.once[PERIOD])), frequency,
                resistivity=self._resistivity, thickness=self._thickness, gap=gap,
            )  # fmt: skip
        self._spectrum = self.voids, np.array(frequency, dtype=float), result
        return result.copy()

    @property
    def _pixel(self) -> float:
        return self.law.side / self.law.pixels

    def _depletion(self) -> float:
        """Mean of u² over the patches."""
        engine = self.engine
        depletion(engine.p, engine.state, engine.once, engine.modes, self._theta)
        return float(np.mean((1.0 - self._theta) ** 2))

    def _laws(self, current: float, depleted: float) -> Laws:
        """What happens to the voids under a current (mA/cm²) at a mean u²."""
        law, fast, metal = self.law, self._fast, self._metal * current
        stripping = current > 0.0
        made = min(law.flux * fast * depleted, metal) if stripping else law.fill * metal
        return Laws(
            nucleation=law.nucleation * fast * depleted if stripping else 0.0,
            nucleus=law.nucleus, flux=made, coarsening=law.coarsening * fast,
            healing=law.healing * fast,
        )  # fmt: skip

    def _write(self) -> None:
        """Give the cell its contact, the voids' length, and the constriction if it is solved."""
        engine, contact = self.engine, self.contact
        engine.state[:, engine.modes + 1] = 1.0 - contact
        if self._resistivity == 0.0 or contact == 1.0:
            return
        width = float(np.sqrt(np.mean(self.voids.radii**2)))
        scale = width * (1.0 - contact) / contact
        if abs(scale - self._scale) > REDRAW * self._scale and self._measured(width):
            self._scale = scale
            if self.law.solve:
                solved = self._solved(self.map, 0.0, None)
                if solved is not None:
                    engine.set_constriction(float(solved[0].real), contact, self._ratio * width)
        if self._scale > 0.0:
            engine.once[PERIOD] = (self._ratio * width) ** 3

    def _measured(self, width: float) -> bool:
        """Measure the map's length over the voids' radius; say whether there is one."""
        map_ = self.map
        own = statistics(map_, pixel=self._pixel).correlation_length
        if math.isnan(own):  # nothing to look up or to solve on a map of one kind
            return False
        self._ratio = own / own_length(float(map_.mean())) / width
        return True

    def _solved(self, map_: Any, gap: float, frequency: Floats | None) -> Complex | None:
        """Solve for the constriction (Ω·cm²) at frequencies, or None: at direct current.

        The pixels' error of first order is taken out by a run on split pixels, as in the table.
        None comes back of a map without contact.
        """
        if not map_.any():
            return None
        points, place = (
            (None, 0) if frequency is None else np.unique(frequency, return_inverse=True)
        )
        found = []
        for split in (1, 2):
            answer = constriction(
                np.kron(map_, np.ones((split, split), bool)), pixel=self._pixel / split,
                thickness=self._thickness, conductivity=1.0 / self._resistivity,
                gap_capacitance=0.0 if points is None else gap, frequency=points, fields=False,
            )  # fmt: skip
            found.append(np.atleast_1d((answer.impedance - answer.slab).values))
        result: Complex = (2.0 * found[1] - found[0]).astype(np.complex128)
        back: Complex = result[np.atleast_1d(place)]
        return back


def covered(state: Voids) -> float:
    """Share of the face under voids that do not touch, 0 to 1.

    A void wider than the face overlaps its own images; that is taken off.
    """
    radii, half = state.radii, 0.5 * min(state.face)
    area = np.pi * radii**2
    wide = radii > half
    if wide.any():
        over = radii[wide]
        beyond = over**2 * np.arccos(half / over) - half * np.sqrt(over**2 - half**2)
        area[wide] -= 4.0 * beyond
        area[wide & (radii >= math.sqrt(2.0) * half)] = state.area
    return min(float(area.sum()) / state.area, 1.0)


def own_length(contact: float) -> float:
    """Correlation length of a thresholded Gaussian field over the field's own ℓ.

    The table of constrictions is made of fields of correlation exp(−r²/ℓ²); where they are highest,
    over a share `contact` of the face, the map's correlation falls to 1/e at a smaller distance.
    For two standard normal numbers of correlation ρ, both above t, P = c² + ∫ exp(−t²/(1 + s)) /
    (2π √(1 − s²)) ds from 0 to ρ; with s = sin φ the integrand is smooth.
    """
    share = min(max(contact, LEAST_CONTACT), 1.0 - LEAST_CONTACT)
    t = NormalDist().inv_cdf(share)
    angle = np.linspace(0.0, np.pi / 2.0, 2001)
    density = np.exp(-(t**2) / (1.0 + np.sin(angle))) / (2.0 * np.pi)
    rising = np.append(0.0, np.cumsum((density[1:] + density[:-1]) / 2.0 * np.diff(angle)))
    # The whole integral is c(1 − c): scaling by it takes the sum's own error out.
    sine = math.sin(float(np.interp(math.exp(-1.0) * rising[-1], rising, angle)))
    return math.sqrt(-math.log(sine))
