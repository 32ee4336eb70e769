"""The virtual cell: laws put together, at a temperature and a pressure.

    cell = Cell.preset("NaK50")
    cell = cell.replace(layer=Smooth(), temperature=300.0)
    cell = cell.replace(**{"layer.thickness": 6e-6, "kinetics.dependence.floor": 0.0})

A cell never changes; `replace` returns another. Every number of it, with its unit and where it
comes from, is in `cell.table()`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from anodescope.campaign.hints import did_you_mean
from anodescope.campaign.settings import read_toml
from anodescope.cell.capacitance import Capacitance, FiniteStore
from anodescope.cell.counter import Counter
from anodescope.cell.deposit import Deposit
from anodescope.cell.electrolyte import Electrolyte
from anodescope.cell.filament import Crack, Filament, LinearDamage
from anodescope.cell.kinetics import Kinetics, Ohmic
from anodescope.cell.law import ROOM, Around, Part, checked, kind_of, number
from anodescope.cell.layer import Layer, Threshold
from anodescope.cell.loss import Loss, Pattern, PowerLoss
from anodescope.cell.motion import Motion
from anodescope.cell.presets import preset_parts
from anodescope.cell.reservoir import Alloy, Reservoir
from anodescope.cell.slots import SLOTS, pack
from anodescope.cell.toml import parsed, plain, written
from anodescope.errors import SettingsError

Floats = NDArray[np.float64]

# What is known at room temperature is taken to hold this far from it (K).
NEAR = 5.0
# The O-ring carries the stack's load, so the liquid is anywhere between these (Pa).
PRESSURES = (0.1e6, 10e6)
MOST_PATCHES = 4096
# A layer that does not limit: its gradients and times vanish against all others.
NO_LIMIT, NO_TIME = 1e30, 1.0


@final
@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A cell as the kernel reads it.

    Attributes
    ----------
    p : (slot,) by `slots.SLOTS`. names : of the slots.
    kappa : (patch,) conductance of each patch's layer, mA/cm² per unit mole fraction.
    tau : (patch,) its diffusion time δ²/D, s.
    area : of the interface, cm².
    """

    p: Floats
    kappa: Floats
    tau: Floats
    area: float
    names: tuple[str, ...] = tuple(SLOTS)

    def __getitem__(self, name: str) -> float:
        """Return the number of a slot."""
        return float(self.p[self.names.index(name)])


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One number of a cell.

    Attributes
    ----------
    path : as `Cell.replace` takes it. value : None where `anodescope.materials` gives it.
    unit, meaning : "1" is a pure number; one line.
    origin : fitted (to the paper; see `calibrated.toml`), set (by hand), known, estimate; given
        where it is not the default.
    """

    path: str
    value: float | None
    unit: str
    origin: str
    meaning: str


@final
@dataclass(frozen=True, slots=True)
class Cell:
    """Laws put together. Each is replaced by another of its family without touching the rest.

    Attributes
    ----------
    reservoir : what holds the Na: Alloy, Sodium, Potassium.
    layer : Threshold, AtLiquidus, Smooth; None: no limit by diffusion.
    kinetics : Ohmic, ButlerVolmer.
    capacitance : FiniteStore, ByAvailability.
    deposit, electrolyte, counter : one law each.
    loss : of contact: PowerLoss, ThresholdLoss; None: none is lost.
    pattern : size of the voids, and with it the constriction; None: no constriction.
    motion : of the liquid; None: it stays.
    filament : LinearDamage, Crack; None: none grows.
    temperature : K. Further than 5 K from 298.15 K every law with rates needs its `activation`;
        `capacitance`, `filament`, `motion` and `counter` are taken not to change.
    pressure : of the liquid, Pa, 0.1 to 10 MPa. No law of the cell knows what it does.
    patches : equal parts of the interface, each with its own layer.

    Raises
    ------
    SettingsError
        for a part of another family, a number out of its range, an alloy that is not liquid at
        the temperature, or a state at which nothing is known.
    """

    reservoir: Reservoir = field(
        default_factory=lambda: Alloy(50.0), metadata=kind_of(Reservoir, "what holds the Na")
    )
    layer: Layer | None = field(
        default_factory=Threshold, metadata=kind_of(Layer, "at the interface", optional=True)
    )
    kinetics: Kinetics = field(default_factory=Ohmic, metadata=kind_of(Kinetics, "charge transfer"))
    capacitance: Capacitance = field(
        default_factory=FiniteStore, metadata=kind_of(Capacitance, "of the interface")
    )
    loss: Loss | None = field(
        default_factory=PowerLoss, metadata=kind_of(Loss, "of contact", optional=True)
    )
    pattern: Pattern | None = field(
        default_factory=Pattern, metadata=kind_of(Pattern, "size of the voids", optional=True)
    )
    motion: Motion | None = field(
        default=None, metadata=kind_of(Motion, "of the liquid", optional=True)
    )
    deposit: Deposit = field(default_factory=Deposit, metadata=kind_of(Deposit, "of Na"))
    filament: Filament | None = field(
        default_factory=LinearDamage, metadata=kind_of(Filament, "of Na", optional=True)
    )
    electrolyte: Electrolyte = field(
        default_factory=Electrolyte, metadata=kind_of(Electrolyte, "the ceramic")
    )
    counter: Counter = field(
        default_factory=Counter, metadata=kind_of(Counter, "counter electrode")
    )
    temperature: float = number(ROOM, "K", "known", "of the whole cell")
    pressure: float = number(
        PRESSURES[1], "Pa", "set", "of the liquid; that of the stack", low=PRESSURES[0], zero=True,
        high=PRESSURES[1],
    )  # fmt: skip
    patches: int = 16

    def __post_init__(self) -> None:
        checked(self)
        count = self.patches
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_PATCHES:
            raise SettingsError(
                f"Cell, patches: expected a whole number from 1 to {MOST_PATCHES}, found {count!r}."
            )
        if self.layer is not None and not isinstance(self.reservoir, Alloy):
            raise SettingsError(
                f"Cell, layer: expected None on solid {self.reservoir.label}, into which nothing "
                f"diffuses, found {type(self.layer).__name__}."
            )
        self.reservoir.require_state(self.temperature)
        if not self.electrolyte.bulk + self.electrolyte.grain_boundary > 0.0:
            raise SettingsError(
                "Cell, electrolyte: expected bulk and grain_boundary above 0 Ω·cm² together, "
                "found 0."
            )
        if isinstance(self.filament, Crack) and self.filament.defect >= self.electrolyte.thickness:
            raise SettingsError(
                f"Cell, filament.defect: expected less than the electrolyte's thickness of "
                f"{self.electrolyte.thickness:g} cm, found {self.filament.defect:g} cm."
            )
        if abs(self.temperature - ROOM) > NEAR:
            self._require_activations()

    @property
    def area(self) -> float:
        """Area of the interface, cm²."""
        return self.reservoir.area

    @classmethod
    def preset(cls, name: str) -> Cell:
        """Return a cell of the paper; see `presets.preset_parts` for the names.

        Raises
        ------
        SettingsError
            for an unknown name, or an alloy that is not liquid at 298.15 K.
        """
        return cls(**preset_parts(name))

    @classmethod
    def from_toml(cls, path: str | Path) -> Cell:
        """Read a cell from a file; see `anodescope.cell.toml`.

        Raises
        ------
        SettingsError
            naming the file and the key, what was expected and what was found.
        """
        return cls.from_dict(read_toml(Path(path)), str(path))

    def to_toml(self, path: str | Path) -> None:
        """Write the cell to a file, from which `from_toml` makes an equal one."""
        Path(path).write_text(written(self.to_dict()), encoding="utf-8")

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any], where: str = "Cell") -> Cell:
        """Make a cell of what `to_dict` returns; `where` is the place that messages name.

        Raises
        ------
        SettingsError
            naming the place and the key, what was expected and what was found.
        """
        known = {item.name: "kind" in item.metadata for item in fields(cls)}
        try:
            return cls(**parsed(where, settings, known))
        except SettingsError as error:
            if str(error).startswith(where):
                raise
            raise SettingsError(f"{where}: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """Return numbers and, by name, tables of the parts, with their class under "law"."""
        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}

    def replace(self, **changes: Any) -> Cell:
        """Return a cell with other parts or numbers.

        Parameters
        ----------
        changes : a part, temperature, pressure or patches by name; a number of a part by its dotted
            path, ``**{"layer.thickness": 6e-6}``. Whole parts are put in first.

        Raises
        ------
        SettingsError
            for a path that does not exist, or a value that the cell refuses.
        """
        made = {item.name: getattr(self, item.name) for item in fields(self)}
        for path in sorted(changes, key=lambda path: path.count(".")):
            head, _, rest = path.partition(".")
            if head not in made:
                raise self._unknown(path)
            made[head] = self._inside(path, made[head], rest, changes[path])
        return Cell(**made)

    def table(self) -> list[Row]:
        """Return every number of the cell with its unit and where it comes from."""
        rows = list(_rows("", self))
        origin = "set" if self.patches == 16 else "given"
        return [*rows, Row("patches", self.patches, "1", origin, "equal parts of the interface")]

    def around(self) -> Around:
        """Return what the laws may know of the cell."""
        return Around(
            self.temperature,
            self.electrolyte.thickness,
            self.electrolyte.resistivity(self.temperature),
        )

    def electrolyte_impedance(self, frequency: Any) -> NDArray[np.complex128]:
        """Return Z of the electrolyte (Ω·cm²) at frequencies (Hz) and the cell's temperature."""
        return self.electrolyte.impedance(frequency, self.around())

    def numbers(self) -> Numbers:
        """Return the cell as the kernel reads it."""
        from anodescope.materials import FARADAY, GAS_CONSTANT

        around = self.around()
        parts = [law.numbers(around) for law in self._laws()]
        parts.append({"thermal_voltage": GAS_CONSTANT * self.temperature / FARADAY})
        kappa, tau = np.full(self.patches, NO_LIMIT), np.full(self.patches, NO_TIME)
        if self.layer is not None:
            kappa, tau = self.layer.profile(self.patches, around)
        return Numbers(pack(parts), kappa, tau, self.reservoir.area)

    def specimen(self) -> dict[str, Any]:
        """Return the cell as the attributes of a Campaign's specimen."""
        store = self.reservoir
        return {
            "title": f"{store.label} | NASICON | Na, simulated",
            "composition": store.label,
            "potassium_wt_percent": store.potassium_weight_percent,
            "working_electrode": "alloy",
            "electrode_under_study": "alloy",
            "electrolyte": "NASICON",
            "reference": "Na",
            "area_cm2": {"alloy": store.area, "counter": self.counter.area},
            "thickness_cm": {
                "alloy": store.volume / store.area,
                "electrolyte": self.electrolyte.thickness,
            },
            "temperature_celsius": self.temperature - 273.15,
            "pressure_mpa": self.pressure * 1e-6,
        }

    def _laws(self) -> list[Any]:
        laws = [getattr(self, item.name) for item in fields(self) if "kind" in item.metadata]
        return [law for law in laws if law is not None]

    def _require_activations(self) -> None:
        for item in fields(self):
            law = getattr(self, item.name)
            if isinstance(law, Part) and getattr(law, "activation", law) is None:
                raise SettingsError(
                    f"Cell, temperature: expected {ROOM} ± {NEAR:g} K, found {self.temperature:g} "
                    f"K, for which nothing is known of the {item.name}; give it an activation "
                    f"energy, as {item.name}.activation = Arrhenius(energy)."
                )

    def _inside(self, path: str, inner: Any, rest: str, value: Any) -> Any:
        if not rest:
            return value
        name, _, deeper = rest.partition(".")
        if not isinstance(inner, Part):
            raise self._unknown(path)
        known: Any = inner
        if name not in {item.name for item in fields(known)}:
            raise self._unknown(path)
        return replace(known, **{name: self._inside(path, getattr(inner, name), deeper, value)})

    def _unknown(self, path: str) -> SettingsError:
        paths = [item.name for item in fields(self)] + [row.path for row in self.table()]
        return SettingsError(f"Cell.replace: this cell has no {path!r}.{did_you_mean(path, paths)}")


def _rows(place: str, record: Any) -> Iterator[Row]:
    for item in fields(record):
        value = getattr(record, item.name)
        path = f"{place}{item.name}"
        if isinstance(value, Part):
            yield from _rows(f"{path}.", value)
        elif "unit" in item.metadata:
            same = item.default is not MISSING and value == item.default
            origin = item.metadata["origin"] if same else "given"
            yield Row(path, value, item.metadata["unit"], origin, item.metadata["meaning"])
