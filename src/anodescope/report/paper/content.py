"""What the supporting information of the paper is handed: sentences, numbers, tables.

Nothing here is computed. Published values and the paper's words come with the content, so that
no figure holds a number that the paper observed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

from anodescope.citations import Citation
from anodescope.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

NAN = float("nan")


@final
@dataclass(frozen=True, slots=True)
class Mark:
    """A published value, drawn beside what was computed.

    Attributes
    ----------
    x : where it stands, such as the rest between pulses (s) or the potassium content (wt %).
    value : in the unit of the axis; NaN where only bounds are known.
    low, high : its tolerance, or the bounds of a window. NaN: none.
    kind : "value"; "line" for one that holds at every x; "bound" for one that was reached without
        what the figure shows.
    label : a few words; "" takes those of the figure.
    """

    x: float
    value: float
    low: float = NAN
    high: float = NAN
    kind: str = "value"
    label: str = ""

    def __post_init__(self) -> None:
        """Refuse a kind that no figure draws."""
        if self.kind not in ("value", "line", "bound"):
            raise SettingsError(
                f"Mark: expected a kind of value, line or bound, found {self.kind!r}; "
                'try "value" for a published point.'
            )


@final
@dataclass(frozen=True, slots=True)
class Told:
    """What stands beside the figure of an experiment.

    Attributes
    ----------
    says : what it is, as a phrase. assumed : what the paper does not say.
    words : what the paper says, in few words. verdicts : of its rows, such as
        "O5.threshold: met".
    """

    says: str = ""
    assumed: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class PaperContent:
    """Everything on the page but the figures.

    Attributes
    ----------
    title : of the page. lead : sentences below it. facts : name, value and note of large numbers.
    misses : what falls short, a sentence each; it stands first.
    tally : the scoreboard as sentences.
    told : words by the experiment's key.
    published : marks by topic (see `TOPICS`).
    tables : by the name of their file; see `CHAPTERS` in `report.paper.page` for those that have
        a chapter of their own. Others follow after these.
    sentences : to be said before a table, by its name. works : to cite.
    """

    title: str
    lead: Sequence[str] = ()
    facts: Sequence[tuple[str, str, str]] = ()
    misses: Sequence[str] = ()
    tally: Sequence[str] = ()
    told: Mapping[str, Told] = field(default_factory=dict)
    published: Mapping[str, Sequence[Mark]] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    sentences: Mapping[str, Sequence[str]] = field(default_factory=dict)
    works: Sequence[Citation | str] = ()

    def __post_init__(self) -> None:
        """Refuse marks of a topic that no figure draws."""
        unknown = sorted(set(self.published) - set(TOPICS))
        if unknown:
            raise SettingsError(
                f"PaperContent: expected published values of {', '.join(TOPICS)}, "
                f"found {', '.join(unknown)}; try one of these names."
            )


# What marks may be of: by rest (s), the charge to the cut-off (mAh/cm²); by wt % K, the threshold
# (mA/cm²); the current of the short circuit (mA/cm²); by the current in the in situ cell (mA/cm²),
# the charge to the short circuit (mAh/cm²).
TOPICS = ("capacity", "threshold", "short_current", "short_charge")
