"""Every row of observations.toml, computed from analysed campaigns and judged."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType

from anodescope.campaign import Campaign
from anodescope.errors import AnodescopeError, SettingsError
from anodescope.inference.observations.reading import Campaigns, Extractor, unknown
from anodescope.inference.observations.rows import Computed, Judged, Row, judge, rows

# Files beside this one that read rows, in the paper's order; each has EXTRACTORS.
TOPICS = ("critical", "staircase", "recovery", "pulses", "plating", "insitu", "sodium")


@cache
def extractors() -> Mapping[str, Extractor]:
    """Return what reads each row, by the row's key.

    Raises
    ------
    SettingsError
        for a row that two files read, or that observations.toml does not have.
    """
    found: dict[str, Extractor] = {}
    package = __name__.rpartition(".")[0]
    for topic in TOPICS:
        if find_spec(f"{package}.{topic}") is None:
            continue
        for key, extract in import_module(f"{package}.{topic}").EXTRACTORS.items():
            if key in found or key not in rows():
                raise SettingsError(
                    f"observations, {topic}: expected a row of observations.toml that no other "
                    f"file reads, found {key!r}."
                )
            found[key] = extract
    return MappingProxyType(found)


def observe(campaigns: Campaigns) -> list[Judged]:
    """Compute every row from analysed campaigns, and judge it.

    Parameters
    ----------
    campaigns : analysed campaigns by the key of their experiment (see `inference.experiments`);
        variants as "ccd50@600s" only add to the sensitivity. Others are not looked at.

    Returns
    -------
    All rows in the paper's order. A row whose campaign is missing, or whose campaign cannot tell
    it, is not decidable, and its message says why.
    """
    held = {key: _loaded(campaign) for key, campaign in campaigns.items()}
    return [judge(row, _computed(row, held)) for row in rows().values()]


def _loaded(campaign: Campaign) -> Campaign:
    """Take the spectra of a stored campaign into memory: they are gone through one by one."""
    if "spectra" not in campaign:
        return campaign
    return campaign.with_node("spectra", campaign["spectra"].load())


def _computed(row: Row, campaigns: Campaigns) -> Computed:
    missing = [key for key in row.experiments if key not in campaigns]
    if missing:
        return unknown(f"Not run: {', '.join(missing)}.")
    extract = extractors().get(row.key)
    if extract is None:
        return unknown("Nothing reads this row.")
    try:
        return extract(campaigns)
    except AnodescopeError as error:  # a campaign that lacks a node or an area: the others count
        return unknown(str(error))
