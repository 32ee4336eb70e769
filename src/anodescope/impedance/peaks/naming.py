"""Names of tracked peaks by stated, changeable rules, and the electrode they are ascribed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.campaign.settings import is_number, refuse, require_known
from anodescope.errors import SettingsError

Floats = npt.NDArray[np.float64]

GRAIN_BOUNDARY = "γ_GB"
INTERFACE = "γ_int"
NEW_INTERFACE = "γ'_int"

UNKNOWN = "unknown"
# A rule's attribution that is resolved by the cell's electrodes; any other text stands as it is.
RESOLVED = "interface"
PICKS = ("largest", "slowest", "fastest")
# A track's τ at birth is the median of so many first values.
_FIRST = 3
# Spectra by which two tracks may miss each other and still count as side by side.
_BESIDE = 3


@final
@dataclass(frozen=True, slots=True)
class Rule:
    """Which track gets a name.

    A track keeps its name wherever it moves: `tau_low` and `tau_high` hold for its birth. Of the
    tracks that fit, the one that `pick` says is named; others too, as far as they do not exist at
    the same time (a peak that was lost and found again).

    Attributes
    ----------
    name : the name.
    tau_low, tau_high : range of τ (s) at birth, the median of the track's first three values.
    pick : "largest" (R summed over its spectra), "slowest" or "fastest" (median τ).
    appears : it must be born after the first spectrum of its electrode.
    beside : name of a track, by an earlier rule, that must exist when it is born; "": none.
    attribution : "electrolyte", or "interface", which is resolved by the cell's electrodes (see
        `attribute`), or any other text, which stands as the rule's own statement; "": unknown.

    Raises
    ------
    SettingsError
        for a value of the wrong type or outside its range.
    """

    name: str
    tau_low: float
    tau_high: float
    pick: str = "largest"
    appears: bool = False
    beside: str = ""
    attribution: str = ""

    def __post_init__(self) -> None:
        where = f"rule {self.name!r}"
        if not (isinstance(self.name, str) and self.name.strip()):
            raise refuse("rule", "name", "text that is not empty", self.name)
        for key in ("tau_low", "tau_high"):
            value = getattr(self, key)
            if not (is_number(value) and value > 0):
                raise refuse(where, key, "a number of seconds above 0", value)
        if self.tau_low >= self.tau_high:
            raise refuse(
                where, "tau_high", f"more than tau_low = {self.tau_low:g} s", self.tau_high
            )
        if self.pick not in PICKS:
            raise refuse(where, "pick", f"one of {', '.join(PICKS)}", self.pick)
        if not isinstance(self.appears, bool):
            raise refuse(where, "appears", "true or false", self.appears)
        for key in ("beside", "attribution"):
            if not isinstance(getattr(self, key), str):
                raise refuse(where, key, "text", getattr(self, key))

    def fits(self, tau: float) -> bool:
        """Tell whether a track born at τ (s) is inside the range."""
        return self.tau_low <= tau <= self.tau_high


# The peaks of Wu & Hatzell (2025, doi:10.1039/d5eb00097a): γ_GB at 1e-6 s; γ_int at 1e-1 s, which
# moves to shorter τ under current; γ'_int, which appears at 1e-4 … 1e-3 s while γ_int exists.
PAPER = (
    Rule(GRAIN_BOUNDARY, 1e-8, 1e-5, attribution="electrolyte"),
    Rule(INTERFACE, 5e-3, 3.0, attribution=RESOLVED),
    Rule(NEW_INTERFACE, 3e-5, 5e-3, appears=True, beside=INTERFACE, attribution=RESOLVED),
)

_KEYS = ("tau", "pick", "appears", "beside", "attribution")


def rules_from(mapping: Mapping[str, Any], where: str = "peak rules") -> tuple[Rule, ...]:
    """Make rules of plain values, as a table of a TOML file holds them.

    Parameters
    ----------
    mapping : tables by name, in order of precedence, each with ``tau = [low, high]`` (s) and
        optionally pick, appears, beside, attribution.
    where : what messages call the mapping.

    Raises
    ------
    SettingsError
        naming the rule, the key, what was expected and what was found.
    """
    found: list[Rule] = []
    for name, table in mapping.items():
        place = f"{where}, rule {name!r}"
        if not isinstance(table, Mapping):
            raise SettingsError(f"{place}: expected a table, found {table!r}.")
        require_known(place, table, _KEYS)
        tau = table.get("tau")
        if not (isinstance(tau, Sequence) and not isinstance(tau, str) and len(tau) == 2):
            raise refuse(place, "tau", "two numbers of seconds, [low, high]", tau)
        rest = {key: value for key, value in table.items() if key != "tau"}
        found.append(Rule(str(name), tau[0], tau[1], **rest))
    require_order(found)
    return tuple(found)


def require_order(rules: Sequence[Rule]) -> None:
    """Hold rules to each other: names once, `beside` the name of an earlier one.

    Raises
    ------
    SettingsError
        for the first rule that is out of order.
    """
    known: list[str] = []
    for rule in rules:
        if rule.name in known:
            raise SettingsError(f"Two rules are called {rule.name!r}.")
        if rule.beside and rule.beside not in known:
            raise refuse(
                f"rule {rule.name!r}", "beside", "the name of an earlier rule", rule.beside
            )
        known.append(rule.name)


def rules_table(rules: Sequence[Rule]) -> dict[str, dict[str, Any]]:
    """Return rules as plain values, from which `rules_from` makes the same ones."""
    return {
        rule.name: {
            "tau": [rule.tau_low, rule.tau_high],
            "pick": rule.pick,
            "appears": rule.appears,
            "beside": rule.beside,
            "attribution": rule.attribution,
        }
        for rule in rules
    }


def name_tracks(tau: Floats, resistance: Floats, rules: Sequence[Rule]) -> list[str]:
    """Return the name of each track of one electrode; "" where no rule fits.

    Parameters
    ----------
    tau, resistance : (s, Ω) in order of time, NaN where the track is absent, shape (F, K).
    rules : in order of precedence.
    """
    there = np.isfinite(tau)
    names = [""] * tau.shape[1]
    living = [k for k in range(tau.shape[1]) if there[:, k].any()]
    birth = {k: int(np.flatnonzero(there[:, k])[0]) for k in living}
    at_birth = {k: float(np.median(tau[there[:, k], k][:_FIRST])) for k in living}
    score = _scores(tau, resistance)
    for rule in rules:
        beside = [k for k in living if names[k] == rule.beside] if rule.beside else []
        fitting = [
            k
            for k in living
            if not names[k]
            and rule.fits(at_birth[k])
            and not (rule.appears and birth[k] == 0)
            and (not rule.beside or _is_beside(there, birth[k], beside))
        ]
        taken = np.zeros(len(tau), dtype=bool)
        for k in sorted(fitting, key=lambda k: (-score[rule.pick][k], k)):
            if not np.any(taken & there[:, k]):
                names[k] = rule.name
                taken |= there[:, k]
    return names


def _scores(tau: Floats, resistance: Floats) -> dict[str, Floats]:
    columns = [column[np.isfinite(column)] for column in np.log(tau).T]
    middle = np.array([np.median(column) if column.size else np.nan for column in columns])
    return {"largest": np.nansum(resistance, axis=0), "slowest": middle, "fastest": -middle}


def _is_beside(there: npt.NDArray[np.bool_], birth: int, tracks: list[int]) -> bool:
    near = there[max(birth - _BESIDE, 0) : birth + _BESIDE + 1]
    return bool(near[:, tracks].any())


@final
@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of the electrodes.

    Attributes
    ----------
    working : what the files' working electrode is ("alloy", "counter", another name, "unknown").
    studied : the electrode under study.
    reference : the reference electrode as the specimen names it, "": not said.
    separate : the record holds the working or the counter electrode's impedance apart.
    assumption : a statement that ascribes the cell's interface peaks to the electrode under study,
        such as "the Na counter electrode was pressed until its resistance vanished"; "": none.
    """

    working: str = UNKNOWN
    studied: str = "alloy"
    reference: str = ""
    separate: bool = False
    assumption: str = ""


def attribute(attribution: str, electrode: str, cell: Cell) -> tuple[str, str]:
    """Return what a peak is ascribed to, and on what that rests, as a sentence.

    Parameters
    ----------
    attribution : of the rule that named it; "" where none did.
    electrode : cell, working or counter: whose spectra the peak belongs to.
    cell : what is known of the electrodes.
    """
    if not attribution:
        return UNKNOWN, "No rule ascribes this peak to anything."
    if attribution != RESOLVED:
        return attribution, f"The rule that names it ascribes it to: {attribution}."
    if electrode == "cell" and cell.assumption:
        return cell.studied, f"Assumed: {cell.assumption.rstrip('.')}."
    against_reference = electrode != "cell" or (bool(cell.reference) and not cell.separate)
    if not against_reference:
        return UNKNOWN, (
            "The impedance is that between the two electrodes: without a reference electrode or a "
            "stated assumption, the peak may belong to either."
        )
    whose = "counter" if electrode == "counter" else "working"
    named = f" ({cell.reference})" if cell.reference else ""
    basis = f"The impedance is that of the {whose} electrode against the reference{named}"
    if cell.working == UNKNOWN:
        return whose, f"{basis}; which electrode the files call working was not said."
    return _name_of(whose, cell), f"{basis}; the files' working electrode is: {cell.working}."


def _name_of(whose: str, cell: Cell) -> str:
    """Return the name of the working or of the counter electrode."""
    if whose == "working":
        return cell.working
    return cell.studied if cell.working == "counter" else "counter"
