"""What a reproduction computes beside the paper's experiments: predictions, what would be better.

Each part needs the cell alone and no campaign, so it shares the processes of the experiments. What
came out is kept as JSON with a stamp, like an experiment.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, final, get_type_hints

from anodescope.campaign import Campaign
from anodescope.cell.cell import Cell
from anodescope.errors import AnodescopeError, Outcome
from anodescope.inference.claims import claims
from anodescope.inference.knockouts import Knockout, knockouts
from anodescope.inference.observations import Judged
from anodescope.inference.predictions import predictions
from anodescope.inference.recommendations import Recommendation, recommendations
from anodescope.inference.timescales import time_scales
from anodescope.inference.wetting import cure, wetting_sentence
from anodescope.workflow.output import write_json
from anodescope.workflow.reproduce_experiments import Done, Task, carry_out
from anodescope.workflow.stamps import checksum, code_checksum

Rows = list[dict[str, Any]]
# Rooms on which a part does not depend.
APART = ("bench", "cli", "report")
T = TypeVar("T")


@final
@dataclass(frozen=True, slots=True)
class Part:
    """One part, and the file that takes its rows.

    Attributes
    ----------
    key : of `PARTS`. cells : the best first, then the members of the ensemble.
    file : JSON; its folder exists.
    code : checksum of the package's code; that of the process that shares the parts out.
    """

    key: str
    cells: tuple[Cell, ...]
    file: Path
    code: str = field(default_factory=partial(code_checksum, APART))


def work(item: Task | Part) -> Done:
    """Carry out an experiment or a part; the function that processes are handed."""
    return carry_out(item) if isinstance(item, Task) else _part(item)


def rows_of(part: Part) -> Rows:
    """Return what is kept of a part; nothing where it failed."""
    told = _told(part)
    return list(told["rows"]) if told is not None else []


def _told(part: Part) -> dict[str, Any] | None:
    try:
        told = json.loads(part.file.read_text(encoding="utf-8"))
        return told if told["stamp"] == _stamp(part) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _stamp(part: Part) -> str:
    return checksum([part.code, part.key, [cell.to_dict() for cell in part.cells]])


def _part(part: Part) -> Done:
    from threadpoolctl import threadpool_limits

    if _told(part) is not None:
        return Done(part.key, kept=True)
    began = time.perf_counter()
    with threadpool_limits(limits=1, user_api="blas"):
        try:
            rows = PARTS[part.key](part.cells)
        except AnodescopeError as error:
            return Done(part.key, failed=" ".join(str(error).split()))
    beside = part.file.with_suffix(".partial")
    write_json(beside, {"stamp": _stamp(part), "rows": rows})
    beside.replace(part.file)
    return Done(part.key, simulated=time.perf_counter() - began)


def plain(made: Iterable[Any]) -> Rows:
    """Return dataclasses as rows of JSON-ready values; `revived` turns them back."""
    return [{item.name: _plain(getattr(one, item.name)) for item in fields(one)} for one in made]


def _plain(value: Any) -> Any:
    if isinstance(value, Outcome):
        return value.name
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool | int | str | None) else str(value)


def revived(kind: type[T], rows: Iterable[Mapping[str, Any]]) -> list[T]:
    """Return the dataclasses that `plain` made rows of; a number that does not exist is NaN."""
    hints = get_type_hints(kind)
    return [kind(**{name: _turned(hints[name], row[name]) for name in row}) for row in rows]


def _turned(hint: Any, value: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, Outcome):
        return Outcome[value]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if hint is float:
        return math.nan if value is None else float(value)
    return tuple(value) if isinstance(value, list) else value


def _predictions(cells: tuple[Cell, ...]) -> Rows:
    return plain(predictions(list(cells)))


def _recommendations(cells: tuple[Cell, ...]) -> Rows:
    return plain(recommendations(cells[0]))


def _knockouts(cells: tuple[Cell, ...]) -> Rows:
    return plain(knockouts(cells[0]))


def _cure(cells: tuple[Cell, ...]) -> Rows:
    if cells[0].layer is None:
        return []
    return [{"key": "cure", "sentence": wetting_sentence(cure(cells[0], cells[1:]))}]


# The longest first.
PARTS: Mapping[str, Callable[[tuple[Cell, ...]], Rows]] = {
    "predictions": _predictions,
    "recommendations": _recommendations,
    "wetting": _cure,
    "knockouts": _knockouts,
}


def ledger(
    campaigns: Mapping[str, Campaign],
    judged: Sequence[Judged],
    cell: Cell,
    parts: Mapping[str, Rows],
) -> dict[str, Rows]:
    """Return the claims of the paper with what became of them, and the time scales.

    Parameters
    ----------
    campaigns : analysed, by key. judged : every row. cell : NaK50. parts : rows by key of `PARTS`.
    """
    told = {row["key"]: row["sentence"] for row in parts.get("wetting", [])}
    made = claims(
        campaigns,
        judged,
        cell=cell,
        tried=revived(Recommendation, parts.get("recommendations", [])) or None,
        knocked=revived(Knockout, parts.get("knockouts", [])) or None,
        wetting=told or None,
    )
    return {"claims": plain(made), "time_scales": plain(time_scales(campaigns, cell))}
