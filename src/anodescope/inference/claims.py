"""The claims of the paper, ruled on by this model and its simulated data: what is shown or not.

A ruling rests on numbers that the caller can look up: judged rows, knock-outs, comparisons, the
wetting study. What the cell has built in cannot support a claim by itself; each entry says it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, final

from anodescope.campaign import Campaign
from anodescope.cell import Cell
from anodescope.citations import relies_on
from anodescope.errors import SettingsError
from anodescope.inference.claims_evidence import Evidence, Ruling
from anodescope.inference.claims_rules import RULES
from anodescope.inference.knockouts import Knockout, knockouts
from anodescope.inference.observations import Judged
from anodescope.inference.recommendations import Recommendation, recommendations
from anodescope.running import Run

__all__ = ["Claim", "Evidence", "Ruling", "Stated", "claims", "stated"]


@final
@dataclass(frozen=True, slots=True)
class Stated:
    """A claim as claims.toml has it.

    Attributes
    ----------
    key : its name. claim, words : in our words, and the paper's.
    figure : where the paper argues for it.
    assumed : what of it the cell has built in.
    decisive : one experiment that would decide it.
    """

    key: str
    claim: str
    words: str
    figure: str
    assumed: str
    decisive: str


@final
@dataclass(frozen=True, slots=True)
class Claim:
    """A claim with its ruling.

    Attributes
    ----------
    key, claim, words, figure, assumed, decisive : as in `Stated`.
    ruling : by this model and its data.
    evidence : a sentence or two with the numbers behind it.
    """

    key: str
    claim: str
    words: str
    figure: str
    ruling: Ruling
    evidence: str
    assumed: str
    decisive: str


@cache
def stated() -> tuple[Stated, ...]:
    """Return the claims of claims.toml in their order.

    Raises
    ------
    SettingsError
        for an entry that is not complete.
    """
    text = files("anodescope.inference").joinpath("claims.toml").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text)["claim"]
    try:
        return tuple(Stated(**entry) for entry in entries)
    except TypeError as error:
        raise SettingsError(f"claims.toml: {error}.") from error


@relies_on("wu2025")
def claims(
    campaigns: Mapping[str, Campaign],
    judged: Iterable[Judged],
    *,
    cell: Cell | None = None,
    tried: Sequence[Recommendation] | None = None,
    knocked: Sequence[Knockout] | None = None,
    wetting: Mapping[str, str] | None = None,
    run: Run | None = None,
) -> list[Claim]:
    """Rule on the paper's claims.

    Parameters
    ----------
    campaigns : analysed, by the key of their experiment; those that are missing are said to be.
    judged : rows, as `observations.observe` returns them.
    cell : calibrated, an alloy; None: the preset NaK50.
    tried : of `recommendations.recommendations`; None: computed here (some seconds).
    knocked : of `knockouts.knockouts`; None: computed here (2 s).
    wetting : of `wetting.sentences`; None: only the sentence on the cure, computed here.
    run : progress and interruption.

    Returns
    -------
    One entry per claim of claims.toml, in its order.

    Raises
    ------
    Cancelled
        when the run says so.
    """
    cell = cell or Cell.preset("NaK50")
    tried = recommendations(cell, run) if tried is None else tried
    knocked = knockouts(cell, run) if knocked is None else knocked
    evidence = Evidence(
        cell, campaigns, {one.row.key: one for one in judged}, {one.key: one for one in knocked},
        {one.key: one for one in tried}, _cure(cell, run) if wetting is None else wetting,
    )  # fmt: skip
    return [_ruled(one, evidence) for one in stated()]


def _cure(cell: Cell, run: Run | None) -> dict[str, str]:
    from anodescope.inference.wetting import cure, wetting_sentence

    if cell.layer is None:
        return {}
    return {"cure": wetting_sentence(cure(cell, run=run))}


def _ruled(one: Stated, evidence: Evidence) -> Claim:
    ruling, words = RULES[one.key](evidence)
    return Claim(
        one.key, one.claim, one.words, one.figure, ruling, words, one.assumed, one.decisive
    )
