"""The sample that was measured, as its owner describes it in `specimen.toml`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from anodescope.campaign.attributes import plain
from anodescope.campaign.settings import is_number, read_toml, refuse, require_known

UNKNOWN = "unknown"
PARTS = ("alloy", "counter", "electrolyte")


@dataclass(frozen=True, slots=True)
class Specimen:
    """One cell. Only what the user gave is here; nothing is found elsewhere or guessed.

    Attributes
    ----------
    cell_id, title, composition, electrolyte, reference, notes : free text; `composition` is for
        instance "NaK50", `reference` the reference electrode.
    potassium_wt_percent : potassium in the alloy, wt %.
    working_electrode : which electrode the files' working electrode is: "alloy", "counter", another
        name, or "unknown".
    electrode_under_study : the electrode whose stripping counts as positive current.
    area_cm2 : area (cm²) of alloy, counter, electrolyte.
    thickness_cm : thickness (cm) of the same.
    temperature_celsius, pressure_mpa : temperature (°C) and stack pressure (MPa).
    extra : anything else (rest length, …); it becomes columns of a study's table.

    Raises
    ------
    SettingsError
        for a value of the wrong type or outside its range.
    """

    cell_id: str = ""
    title: str = ""
    composition: str = ""
    potassium_wt_percent: float | None = None
    working_electrode: str = UNKNOWN
    electrode_under_study: str = "alloy"
    electrolyte: str = ""
    reference: str = ""
    area_cm2: Mapping[str, float] = field(default_factory=dict)
    thickness_cm: Mapping[str, float] = field(default_factory=dict)
    temperature_celsius: float | None = None
    pressure_mpa: float | None = None
    notes: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _verify({key.name: getattr(self, key.name) for key in fields(self)}, "specimen")
        for table in ("area_cm2", "thickness_cm"):
            numbers = {str(part): float(size) for part, size in getattr(self, table).items()}
            object.__setattr__(self, table, numbers)
        object.__setattr__(self, "extra", dict(plain(self.extra, "extra")))

    @property
    def area(self) -> float | None:
        """Area (cm²) of the electrode under study, or None where the user gave none."""
        return self.area_cm2.get(self.electrode_under_study)

    def with_area(self, area: float | Mapping[str, float]) -> Specimen:
        """Return a specimen with areas (cm²) from flags over those of the file.

        Parameters
        ----------
        area : area of the electrode under study, or areas by electrode.
        """
        by_part = area if isinstance(area, Mapping) else {self.electrode_under_study: area}
        return parse_specimen({"area_cm2": by_part}, "area", base=self)

    def to_dict(self) -> dict[str, Any]:
        """Return what is known, ready for the root's attributes; `parse_specimen` reads it back."""
        pairs = ((key.name, getattr(self, key.name)) for key in fields(self))
        return {
            name: dict(value) if isinstance(value, Mapping) else value
            for name, value in pairs
            if value not in (None, "", {})
        }


def read_specimen(path: str | Path) -> Specimen:
    """Read `specimen.toml`: the keys of `Specimen`, areas and thicknesses as tables.

    Raises
    ------
    SettingsError
        naming the file, the key, what was expected and what was found.
    """
    return parse_specimen(read_toml(Path(path)), str(path))


def parse_specimen(
    values: Mapping[str, Any], where: str, *, base: Specimen | None = None
) -> Specimen:
    """Make a Specimen of plain values, over those of `base`; tables are merged key by key.

    Raises
    ------
    SettingsError
        naming `where`, the key, what was expected and what was found.
    """
    require_known(where, values, (key.name for key in fields(Specimen)))
    merged: dict[str, Any] = (base or Specimen()).to_dict()
    for key, value in values.items():
        both = isinstance(value, Mapping) and key in merged
        merged[key] = {**merged[key], **value} if both else value
    _verify(merged, where)
    return Specimen(**merged)


def current_factor(specimen: Specimen) -> int | None:
    """Return the factor that turns the files' current into "positive strips Na", or None.

    In the files a positive current oxidises the working electrode. Where that is the electrode
    under study, oxidation strips it (+1); where it is the electrode on the other side, the
    electrode under study is reduced meanwhile (−1); where nobody said, the sign is unknown (None).
    """
    working, studied = specimen.working_electrode, specimen.electrode_under_study
    if working == UNKNOWN:
        return None
    if working == studied:
        return 1
    return -1 if "counter" in (working, studied) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _between(low: float, high: float) -> Callable[[object], bool]:
    return lambda value: value is None or (is_number(value) and low <= value <= high)


_TEXTS = ("cell_id", "title", "composition", "electrolyte", "reference", "notes")

# What a key expects, in words and as a question.
_EXPECTED: Mapping[str, tuple[str, Callable[[object], bool]]] = MappingProxyType(
    {
        **dict.fromkeys(_TEXTS, ("text", _is_text)),
        "working_electrode": ("alloy, counter, another name or unknown", _is_name),
        "electrode_under_study": ("the name of an electrode", _is_name),
        "potassium_wt_percent": ("a number from 0 to 100", _between(0, 100)),
        "temperature_celsius": ("a number above -273.15", _between(-273.15, float("inf"))),
        "pressure_mpa": ("a number that is not negative", _between(0, float("inf"))),
    }
)


def _verify(values: Mapping[str, Any], where: str) -> None:
    for key, (expected, fits) in _EXPECTED.items():
        if key in values and not fits(values[key]):
            raise refuse(where, key, expected, values[key])
    named = [values.get(key) for key in ("working_electrode", "electrode_under_study")]
    parts = dict.fromkeys([*PARTS, *(name for name in named if name and name != UNKNOWN)])
    _verify_sizes(values, "area_cm2", "cm²", parts, where)
    _verify_sizes(values, "thickness_cm", "cm", parts, where)
    if not isinstance(values.get("extra", {}), Mapping):
        raise refuse(where, "extra", "a table", values["extra"])


def _verify_sizes(
    values: Mapping[str, Any], key: str, unit: str, parts: Iterable[str], where: str
) -> None:
    table = values.get(key, {})
    if not isinstance(table, Mapping):
        raise refuse(where, key, f"a table such as {{ alloy = 0.785 }} in {unit}", table)
    require_known(f"{where}, table {key!r}", table, parts)
    for part, size in table.items():
        if not (is_number(size) and size > 0):
            raise refuse(where, f"{key}.{part}", f"a number of {unit} above 0", size)
