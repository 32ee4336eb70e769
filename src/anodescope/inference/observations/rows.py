"""The rows of observations.toml, what was computed for them, and the verdict on each."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any, final

from anodescope.errors import Outcome, SettingsError

CLASSES = ("fit", "hold", "form")
KINDS = ("number", "window", "yes")
GROUPS = ("quantitative", "form", "left out")
NAN = float("nan")
# Words of a definition whose bar is not the paper's.
OWN_BAR = "our bar"
# What has to be said beside the scoreboard.
BEYOND = (
    "γ_int lies beyond the slowest frequency (5 Hz, τ = 0.03 s) but for the sweeps in which it has "
    "moved: its areas are those of γ as the DRT continues it for a decade."
)


class Verdict(Enum):
    """What became of a row. The value is the word that is printed."""

    met = "met"
    within = "within tolerance"
    missed = "missed"
    not_decidable = "not decidable"
    not_modelled = "not modelled"


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One statement of the paper.

    Attributes
    ----------
    key : "O5.threshold"; `observation` is what stands before the point.
    experiments : keys of the experiments (see `inference.experiments`) that it is read off.
    role : fit (may inform parameters), hold (left out of every fit), form (a sign, order, shape).
    kind : number (published ± tolerance), window (low to high), yes.
    definition : how it is read; words : what the paper says; figure : where.
    unit : of the numbers; "" for a statement.
    published, tolerance : of a number. low, high : of a window, or the wider bounds of a number.
    slack : how far beside a window still counts as within tolerance.
    trivial : it counts for nothing.
    own_bar : the paper gives no number; the definition says which one we took.
    """

    key: str
    experiments: tuple[str, ...]
    role: str
    kind: str
    definition: str
    words: str
    figure: str
    unit: str = ""
    published: float = NAN
    tolerance: float = NAN
    low: float = -math.inf
    high: float = math.inf
    slack: float = 0.0
    trivial: bool = False
    own_bar: bool = False

    @property
    def observation(self) -> str:
        """O1 to O20."""
        return self.key.partition(".")[0]

    @property
    def quantitative(self) -> bool:
        """Whether it has a number of the paper to meet."""
        return self.kind == "number" or (self.kind == "window" and self.unit != "1")

    def expected(self) -> str:
        """Return what is expected, as a few words."""
        if self.kind == "yes":
            return "yes"
        if self.kind == "number" and math.isfinite(self.low):
            return f"{self.published:g} ({self.low:g} to {self.high:g}) {self.unit}".rstrip(" 1")
        if self.kind == "number":
            return f"{self.published:g} ± {self.tolerance:g} {self.unit}".removesuffix(" 1")
        if self.low == self.high:
            return f"{self.low:g} {self.unit}"
        if math.isinf(self.low):
            return f"at most {self.high:g} {self.unit}".removesuffix(" 1")
        return f"{self.low:g} to {self.high:g} {self.unit}".removesuffix(" 1")


@final
@dataclass(frozen=True, slots=True)
class Reading:
    """The same observation by another definition.

    Attributes
    ----------
    definition : in what it differs. value : in the row's unit; NaN where there is none.
    """

    definition: str
    value: float


@final
@dataclass(frozen=True, slots=True)
class Computed:
    """What an analysed campaign gives for a row.

    Attributes
    ----------
    value : in the row's unit; 1 or 0 for a statement; NaN where there is none.
    outcome : determined, not_decidable, censored (the record ends before: `value` is a bound),
        not_found, or what else keeps it from being known.
    message : a sentence with the numbers behind it.
    sensitivity : the same by other definitions.
    low, high : bounds of the value, where the analysis gives some.
    modelled : False: the cell has no law for it.
    """

    value: float
    outcome: Outcome = Outcome.determined
    message: str = ""
    sensitivity: tuple[Reading, ...] = ()
    low: float = NAN
    high: float = NAN
    modelled: bool = True


@final
@dataclass(frozen=True, slots=True)
class Judged:
    """A row, what was computed for it, and the verdict."""

    row: Row
    computed: Computed
    verdict: Verdict


@final
@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows of a kind came out how; trivial rows are in none of them.

    Attributes
    ----------
    counts : number of rows by group (quantitative, form, left out) and verdict.
    fitted, own : of the rows that are met, those of the class "fit", and those with a bar of our
        own, by group.
    """

    counts: dict[str, dict[Verdict, int]]
    fitted: dict[str, int]
    own: dict[str, int]

    def sentence(self, group: str) -> str:
        """Return one group as a sentence."""
        found = self.counts[group]
        total = sum(found.values())
        parts = [f"{found[verdict]} {verdict.value}" for verdict in Verdict if found[verdict]]
        beside = [
            f"{count} of them {words}"
            for count, words in (
                (self.fitted[group], "fitted"), (self.own[group], "by a bar of our own")
            )
            if count
        ]  # fmt: skip
        if beside:
            parts[0] += f" ({', '.join(beside)})"
        return f"{group}: {total} rows; {', '.join(parts) if parts else 'none'}."


@cache
def rows() -> dict[str, Row]:
    """Return the rows of observations.toml by key, in the paper's order.

    Raises
    ------
    SettingsError
        for a row that is not complete, has no known class or kind, or a bar of our own that its
        definition does not call so.
    """
    text = files("anodescope.inference.observations").joinpath("observations.toml")
    found: dict[str, Row] = {}
    for entry in tomllib.loads(text.read_text(encoding="utf-8"))["row"]:
        row = _row(entry)
        if row.key in found:
            raise SettingsError(f"observations.toml: {row.key} stands there twice.")
        found[row.key] = row
    return found


def _row(entry: dict[str, Any]) -> Row:
    key = entry.get("key", "?")
    values = {name: value for name, value in entry.items() if name != "class"}
    values["role"], values["experiments"] = entry.get("class"), tuple(entry.get("experiments", ()))
    if values["role"] not in CLASSES or values.get("kind") not in KINDS:
        raise SettingsError(
            f"observations.toml, {key}: expected a class of {', '.join(CLASSES)} and a kind of "
            f"{', '.join(KINDS)}, found {values['role']!r} and {values.get('kind')!r}."
        )
    try:
        row = Row(**values)
    except TypeError as error:
        raise SettingsError(f"observations.toml, {key}: {error}.") from error
    if row.kind == "number" and not (math.isfinite(row.published) and row.tolerance > 0.0):
        raise SettingsError(
            f"observations.toml, {key}: expected a published value and a tolerance above 0, "
            f"found {row.published} and {row.tolerance}."
        )
    _check_marks(row)
    return row


def _check_marks(row: Row) -> None:
    for name in ("trivial", "own_bar"):
        if not isinstance(getattr(row, name), bool):
            raise SettingsError(
                f"observations.toml, {row.key}: expected true or false for {name}, found "
                f"{getattr(row, name)!r}."
            )
    if row.own_bar is not (OWN_BAR in row.definition):
        raise SettingsError(
            f"observations.toml, {row.key}: expected own_bar = true where, and only where, the "
            f"definition says {OWN_BAR!r}, found {str(row.own_bar).lower()}."
        )


def judge(row: Row, computed: Computed) -> Judged:
    """Compare what was computed with what the paper says.

    A number is met within half its tolerance and within tolerance up to all of it (or inside the
    row's wider bounds). A window is met inside, and within tolerance up to `slack` beside it. A
    bound (a censored value) that already decides the row is judged; otherwise it is not decidable.
    """
    return Judged(row, computed, _verdict(row, computed))


def _verdict(row: Row, computed: Computed) -> Verdict:
    if not computed.modelled:
        return Verdict.not_modelled
    if computed.outcome is Outcome.not_found:
        return Verdict.missed
    if computed.outcome not in (Outcome.determined, Outcome.censored):
        return Verdict.not_decidable
    value = computed.value
    if math.isnan(value):
        return Verdict.not_decidable
    if row.kind == "yes":
        return Verdict.met if value > 0.5 else Verdict.missed
    if computed.outcome is Outcome.censored:
        top = row.published + row.tolerance if row.kind == "number" else row.high + row.slack
        return Verdict.missed if value > top else Verdict.not_decidable
    if row.kind == "number":
        return _number(row, value)
    edge = 1e-9 * max(abs(value), 1.0)
    if row.low - edge <= value <= row.high + edge:
        return Verdict.met
    near = row.low - row.slack - edge <= value <= row.high + row.slack + edge
    return Verdict.within if near and row.slack else Verdict.missed


def _number(row: Row, value: float) -> Verdict:
    if math.isfinite(row.low) and math.isfinite(row.high):
        half = math.sqrt(row.published / row.low), math.sqrt(row.high / row.published)
        if row.published / half[0] <= value <= row.published * half[1]:
            return Verdict.met
        return Verdict.within if row.low <= value <= row.high else Verdict.missed
    away = abs(value - row.published)
    if away <= 0.5 * row.tolerance * (1.0 + 1e-9):
        return Verdict.met
    return Verdict.within if away <= row.tolerance * (1.0 + 1e-9) else Verdict.missed


def tally(judged: Iterable[Judged]) -> Tally:
    """Count quantitative, form and left-out rows apart; a row counts in one group only."""
    counts = {group: dict.fromkeys(Verdict, 0) for group in GROUPS}
    fitted, own = dict.fromkeys(GROUPS, 0), dict.fromkeys(GROUPS, 0)
    for one in judged:
        if one.row.trivial:
            continue
        group = "form" if not one.row.quantitative else "quantitative"
        group = "left out" if one.row.role == "hold" else group
        counts[group][one.verdict] += 1
        if one.verdict is Verdict.met:
            fitted[group] += one.row.role == "fit"
            own[group] += one.row.own_bar
    return Tally(counts, fitted, own)
