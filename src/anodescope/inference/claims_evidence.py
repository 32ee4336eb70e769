"""What a claim is ruled on by, and the words for what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import final

from anodescope.campaign import Campaign
from anodescope.cell import Cell
from anodescope.inference.knockouts import Knockout
from anodescope.inference.observations import Judged, Verdict
from anodescope.inference.recommendations import Recommendation


class Ruling(Enum):
    """What became of a claim. The value is the word that is printed."""

    supported = "supported"
    in_part = "supported in part"
    contradicted = "contradicted"
    not_decidable = "not decidable"


@final
@dataclass(frozen=True, slots=True)
class Evidence:
    """What rulings rest on.

    Attributes
    ----------
    cell : the calibrated one. campaigns : analysed, by the key of their experiment.
    rows : judged rows by key. knockouts : by key. tried : comparisons by key.
    wetting : sentences of the wetting study by key: cure, and where there are some verdict and
        condition.
    """

    cell: Cell
    campaigns: Mapping[str, Campaign]
    rows: Mapping[str, Judged]
    knockouts: Mapping[str, Knockout]
    tried: Mapping[str, Recommendation]
    wetting: Mapping[str, str]

    def met(self, *keys: str) -> bool:
        """Whether all of these rows are met or within tolerance."""
        good = (Verdict.met, Verdict.within)
        return all(key in self.rows and self.rows[key].verdict in good for key in keys)

    def missed(self, *keys: str) -> bool:
        """Whether one of these rows is missed."""
        return any(key in self.rows and self.rows[key].verdict is Verdict.missed for key in keys)

    def told(self, *keys: str) -> str:
        """Return the rows with what was computed and their verdicts."""
        return ", ".join(self._row(key) for key in keys)

    def _row(self, key: str) -> str:
        if key not in self.rows:
            return f"{key} was not run"
        one = self.rows[key]
        value = one.computed.value
        number = ""
        if one.row.kind != "yes" and value == value:
            number = f"{value:.3g} {one.row.unit}".removesuffix(" 1") + ", "
        role = ", left out of the fit" if one.row.role == "hold" else ""
        return f"{key} ({number}{one.verdict.value}{role})"

    def knocked(self, *keys: str) -> str:
        """Return what knock-outs did; those that the cell has no law for are left out."""
        return "; ".join(self.knockouts[key].sentence() for key in keys if key in self.knockouts)
