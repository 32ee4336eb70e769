"""A Study: campaigns of several cells, and a table of their specimens."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, final

import pandas as pd

from anodescope.campaign.campaign import Campaign, open_campaign
from anodescope.campaign.hints import did_you_mean
from anodescope.campaign.sealed import sealed
from anodescope.campaign.settings import read_toml, refuse, require_known
from anodescope.campaign.specimen import (
    PARTS,
    Specimen,
    current_factor,
    parse_specimen,
    read_specimen,
)
from anodescope.campaign.store import read_attrs
from anodescope.errors import SettingsError

# How a study opens a campaign: its path, and the specimen that its table shows for it.
Opener = Callable[[Path, Specimen], Campaign]

SPECIMEN_FILE = "specimen.toml"


@final
@sealed
class Study:
    """A set of campaigns by name; each is opened when it is asked for, and not kept.

    Iterating gives the names, as for a dict: ``for name in study: campaign = study[name]``.

    Parameters
    ----------
    table : one row per campaign; the column `name` names it, once.
    members : what opens each campaign, by name.

    Raises
    ------
    SettingsError
        when names are given twice, or rows and members do not agree.
    """

    def __init__(self, table: pd.DataFrame, members: Mapping[str, Callable[[], Campaign]]) -> None:
        names = table["name"].tolist() if "name" in table else []
        for name in names:
            if names.count(name) > 1:
                raise SettingsError(f"Two campaigns of the study are named {name!r}.")
        if set(names) != set(members):
            odd = sorted(set(names) ^ set(members))[0]
            raise SettingsError(f"The study's table and its members disagree about {odd!r}.")
        self._table = table.reset_index(drop=True)
        self._members = {name: members[name] for name in names}

    @property
    def table(self) -> pd.DataFrame:
        """A copy of the specimen table, one row per campaign."""
        return self._table.copy()

    def select(self, **criteria: Any) -> Study:
        """Return the campaigns that meet every criterion, in their order.

        Parameters
        ----------
        criteria : column = value, list of values, or function of a value that returns True or
            False. A missing value meets none.

        Raises
        ------
        SettingsError
            for a column that the table does not have.
        """
        keep = pd.Series(True, index=self._table.index)
        for column, wanted in criteria.items():
            keep &= _matches(self._column(column), wanted)
        return self._rows(keep)

    def group_by(self, column: str) -> Iterator[tuple[Any, Study]]:
        """Yield each value of a column, in the order of the table, with its campaigns.

        Campaigns without a value come last, under None.

        Raises
        ------
        SettingsError
            for a column that the table does not have.
        """
        values = self._column(column)
        present = values.dropna()
        groups = [(value, self._rows(_matches(values, value))) for value in present.unique()]
        if len(present) < len(values):
            groups.append((None, self._rows(values.isna())))
        return iter(groups)

    def __getitem__(self, name: str) -> Campaign:
        """Open one campaign."""
        if name not in self._members:
            hint = did_you_mean(name, self._members)
            raise SettingsError(f"The study has no campaign {name!r}.{hint}")
        return self._members[name]()

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __repr__(self) -> str:
        return f"<Study of {len(self)}: {', '.join(self._members)}>"

    def _column(self, column: str) -> pd.Series[Any]:
        if column not in self._table:
            hint = did_you_mean(column, map(str, self._table.columns))
            raise SettingsError(f"The study has no column {column!r}.{hint}")
        return self._table[column]

    def _rows(self, keep: pd.Series[bool]) -> Study:
        table = self._table[keep]
        return Study(table, {name: self._members[name] for name in table["name"]})


def read_study(path: str | Path, opener: Opener | None = None) -> Study:
    """Read `study.toml`; no campaign is opened yet.

    The file is a list of ``[[campaign]]`` tables: `path` (a folder of raw files or a stored
    campaign, relative to the file), `name` (default: the path's), and any key of `specimen.toml`.
    These go over what the stored campaign or a `specimen.toml` in the folder says. Free columns
    stand in `extra`: ``extra.rest_hours = 2``.

    Parameters
    ----------
    path : the file.
    opener : opens a campaign, given its path and its specimen; by default stored campaigns only.

    Raises
    ------
    SettingsError
        naming the file, the campaign and what is wrong: an unknown key, a missing path, a name
        given twice.
    """
    path = Path(path)
    values = read_toml(path)
    require_known(str(path), values, ("campaign",))
    entries = values.get("campaign", [])
    if not (isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)):
        raise refuse(str(path), "campaign", "[[campaign]] tables", entries)
    rows: list[dict[str, Any]] = []
    members: dict[str, Callable[[], Campaign]] = {}
    for number, entry in enumerate(entries, start=1):
        name, place, specimen = _entry(path, number, entry)
        if name in members:
            raise SettingsError(f"{path}: two campaigns are named {name!r}; names must differ.")
        rows.append(_row(name, place, specimen, where=f"{path}, campaign {name!r}"))
        members[name] = partial(opener or open_stored, place, specimen)
    return Study(pd.DataFrame(rows, columns=None if rows else ["name"]), members)


def study_of(campaigns: Mapping[str, Campaign]) -> Study:
    """Make a Study of campaigns in memory; the table shows what their attributes say."""
    rows = []
    members: dict[str, Callable[[], Campaign]] = {}
    for name, campaign in campaigns.items():
        specimen = parse_specimen(campaign.attrs["specimen"], f"campaign {name!r}")
        rows.append(_row(name, None, specimen, where=f"campaign {name!r}"))
        members[name] = partial(_itself, campaign)
    return Study(pd.DataFrame(rows, columns=None if rows else ["name"]), members)


def open_stored(path: Path, specimen: Specimen) -> Campaign:
    """Open a stored campaign with a study's specimen over its own.

    Raises
    ------
    SettingsError
        when the two differ about the sign of the current, which was settled when it was read.
    """
    campaign = open_campaign(path)
    stored = parse_specimen(campaign.attrs["specimen"], str(path))
    if current_factor(stored) != current_factor(specimen):
        raise SettingsError(
            f"{path}: its currents were stored for the working electrode "
            f"{stored.working_electrode!r}, not {specimen.working_electrode!r}; "
            "read the raw files again with this specimen."
        )
    return campaign.with_attrs(specimen=specimen.to_dict())


def _itself(campaign: Campaign) -> Campaign:
    return campaign


def _entry(study: Path, number: int, entry: dict[str, Any]) -> tuple[str, Path, Specimen]:
    """Return name, place and specimen of one [[campaign]] table."""
    where = f"{study}, campaign {number}"
    given = dict(entry)
    text = given.pop("path", None)
    if not (isinstance(text, str) and text):
        raise refuse(where, "path", "a folder of raw files or a stored campaign", text)
    place = study.parent / text
    name = given.pop("name", place.resolve().stem)
    if not (isinstance(name, str) and name):
        raise refuse(where, "name", "text", name)
    where = f"{study}, campaign {name!r}"
    if not place.exists():
        near = [item.name for item in place.parent.iterdir()] if place.parent.is_dir() else []
        raise SettingsError(f"{where}: there is no {place}.{did_you_mean(place.name, near)}")
    return name, place, parse_specimen(given, where, base=_described(place))


def _described(place: Path) -> Specimen:
    """Return what a stored campaign, or the specimen.toml in a folder, says of the specimen."""
    if (place / "zarr.json").is_file():
        return parse_specimen(read_attrs(place).get("specimen", {}), str(place))
    beside = place / SPECIMEN_FILE
    return read_specimen(beside) if beside.is_file() else Specimen()


def _row(name: str, place: Path | None, specimen: Specimen, *, where: str) -> dict[str, Any]:
    """Return one row of the table: a missing number is NaN, a missing text is empty."""
    row: dict[str, Any] = {"name": name, "path": "" if place is None else str(place)}
    for key in (field.name for field in fields(specimen) if field.name != "extra"):
        value = getattr(specimen, key)
        if isinstance(value, Mapping):  # area_cm2 becomes area_alloy_cm2, …
            quantity, unit = key.split("_")
            for part in dict.fromkeys([*PARTS, *value]):
                row[f"{quantity}_{part}_{unit}"] = value.get(part, math.nan)
        else:
            row[key] = math.nan if value is None else value
    for key, value in specimen.extra.items():
        if key in row:
            raise SettingsError(f"{where}, key 'extra.{key}': the table has this column already.")
        row[key] = value
    return row


def _matches(values: pd.Series[Any], wanted: Any) -> pd.Series[bool]:
    if callable(wanted):
        hits = [bool(wanted(value)) for value in values.dropna()]
        return pd.Series(hits, index=values.dropna().index).reindex(values.index, fill_value=False)
    if isinstance(wanted, list | tuple | set | frozenset | range):
        equal = values.isin(list(wanted))
    else:
        equal = values == wanted
    hit: pd.Series[bool] = equal & values.notna()
    return hit
