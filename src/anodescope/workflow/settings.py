"""What a user may change about an analysis: `Settings`, and the file `analysis.toml` for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, final

from anodescope.campaign.settings import read_toml, refuse, require_known
from anodescope.errors import SettingsError
from anodescope.events import DetectorSettings
from anodescope.impedance import Linearity, LinearKK, PeakSettings, Stationarity, Trimming
from anodescope.impedance.drt import resolve
from anodescope.impedance.peaks.naming import Rule, rules_from
from anodescope.protocol import Protocol

T = TypeVar("T")

# The tables of analysis.toml that are dataclasses of settings, and the fields that they fill.
_TABLES = ("kramers_kronig", "stationarity", "linearity", "trimming", "peaks", "detectors")


@final
@dataclass(frozen=True, slots=True)
class Settings:
    """Every choice of an analysis; the defaults are those that the docs state.

    Attributes
    ----------
    method : DRT method, a name or an object.
    kramers_kronig, stationarity, linearity, trimming : of `validate`.
    peaks : how peaks are found and linked.
    rules : how peaks are named; None: the paper's names.
    assumption : on what γ_int is ascribed to one electrode where there is no reference; it is
        printed with every result that rests on it.
    circuit : also fit one R‖CPE per tracked peak.
    detectors : short circuits, critical current, capacity, onset, recovery.
    asked : protocol that the instrument was asked for; contradictions become warnings.
    """

    method: Any = "auto"
    kramers_kronig: LinearKK = field(default_factory=LinearKK)
    stationarity: Stationarity = field(default_factory=Stationarity)
    linearity: Linearity = field(default_factory=Linearity)
    trimming: Trimming = field(default_factory=Trimming)
    peaks: PeakSettings = field(default_factory=PeakSettings)
    rules: tuple[Rule, ...] | None = None
    assumption: str = ""
    circuit: bool = False
    detectors: DetectorSettings = field(default_factory=DetectorSettings)
    asked: Protocol | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, for provenance."""
        method = resolve(self.method)
        told: dict[str, Any] = {name: asdict(getattr(self, name)) for name in _TABLES}
        told["method"] = {"name": method.name, **method.parameters()}
        told["rules"] = None if self.rules is None else [asdict(rule) for rule in self.rules]
        told |= {"assumption": self.assumption, "circuit": self.circuit}
        told["asked"] = "" if self.asked is None else self.asked.to_toml()
        return told


def read_settings(path: str | Path) -> Settings:
    """Read `analysis.toml`.

    Keys: `method` (a name, or a table with its `name` and the fields of its class), `assumption`,
    `circuit`, `protocol` (a TOML file beside it), and one table per group of settings whose keys
    are the fields of its class: ``[kramers_kronig]``, ``[stationarity]``, ``[linearity]``,
    ``[trimming]``, ``[peaks.detection]``, ``[peaks.linking]``, ``[detectors.capacity]``,
    ``[detectors.onset]``, …; ``[rules.NAME]`` tables name peaks.

    Raises
    ------
    SettingsError
        naming the file, the table, the key, what was expected and what was found.
    """
    path = Path(path)
    values = read_toml(path)
    require_known(
        str(path), values, (*_TABLES, "method", "assumption", "circuit", "rules", "protocol")
    )
    given: dict[str, Any] = {}
    for name, kind in (("assumption", str), ("circuit", bool)):
        if name in values:
            given[name] = _held(values[name], kind, str(path), name)
    if "method" in values:
        given["method"] = _method(values["method"], path)
    if "rules" in values:
        given["rules"] = rules_from(_held(values["rules"], dict, str(path), "rules"), str(path))
    if "protocol" in values:
        beside = path.parent / _held(values["protocol"], str, str(path), "protocol")
        given["asked"] = read_protocol(beside)
    default = Settings()
    for name in _TABLES:
        if name in values:
            given[name] = _filled(getattr(default, name), values[name], f"{path}, table [{name}]")
    return Settings(**given)


def _method(value: Any, path: Path) -> Any:
    """Return the DRT method: its name, or its object where a table gives its settings."""
    if not isinstance(value, Mapping):
        resolve(_held(value, str, str(path), "method"))
        return value
    where = f"{path}, table [method]"
    name = _held(value.get("name"), str, where, "name")
    given = {key: setting for key, setting in value.items() if key != "name"}
    return _filled(resolve(name), given, where)


def read_protocol(path: Path) -> Protocol:
    """Read the protocol that the instrument was asked for.

    Raises
    ------
    SettingsError
        when there is no such file, or it is no protocol.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: this cannot be read as text ({error}).") from error
    try:
        return Protocol.from_toml(text)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from error


def _filled(default: T, table: Any, where: str) -> T:
    """Return a dataclass of settings with the keys of a table over its defaults."""
    if not isinstance(table, Mapping):
        raise SettingsError(f"{where}: expected a table, found {table!r}.")
    names = [key.name for key in fields(default)]  # type: ignore[arg-type]
    require_known(where, table, names)
    given = {name: getattr(default, name) for name in names}
    for name, value in table.items():
        before = given[name]
        if is_dataclass(before):
            given[name] = _filled(before, value, f"{where[:-1]}.{name}]")
        elif isinstance(before, tuple):
            given[name] = _listed(value, before, where, name)
        elif isinstance(before, bool | str):
            given[name] = _held(value, type(before), where, name)
        else:
            given[name] = _number(value, before, where, name)
    try:
        return type(default)(**given)
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}") from error


def _listed(value: Any, before: tuple[Any, ...], where: str, name: str) -> tuple[Any, ...]:
    """Return a list as a tuple; its elements are of the kind of the default's, numbers without."""
    elements = _held(value, list, where, name)
    if before and isinstance(before[0], str):
        return tuple(_held(element, str, where, name) for element in elements)
    return tuple(_number(element, 0.0, where, name) for element in elements)


def _held(value: Any, kind: type, where: str, name: str) -> Any:
    if not isinstance(value, kind):
        words = {str: "text", bool: "true or false", list: "a list", dict: "a table"}
        raise refuse(where, name, words[kind], value)
    return value


def _number(value: Any, before: Any, where: str, name: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse(where, name, "a number", value)
    return float(value) if isinstance(before, float) else value
