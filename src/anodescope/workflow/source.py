"""Where a campaign comes from: memory, a store, or instrument files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from anodescope.campaign import Campaign, Specimen, open_campaign
from anodescope.errors import SettingsError
from anodescope.formats import read
from anodescope.running import Run

MOST_HELD = 2**29  # bytes


def open_source(
    source: Campaign | str | Path | Sequence[str | Path],
    *,
    area: float | Mapping[str, float] | None = None,
    columns: Mapping[str, str] | None = None,
    specimen: str | Path | Specimen | None = None,
    run: Run | None = None,
) -> Campaign:
    """Return a campaign as it is, open a stored one, or read instrument files.

    Parameters
    ----------
    source, area, columns, specimen, run : see `analyse`.

    Raises
    ------
    SettingsError
        when `area`, `columns` or `specimen` is given for what is a campaign already.
    ReadError, StoreError
        when the files or the store cannot be used.
    """
    if isinstance(source, Campaign):
        paths = []
    elif isinstance(source, (str, Path)):
        paths = [Path(source)]
    else:
        paths = [Path(path) for path in source]
    stored = len(paths) == 1 and paths[0].suffix == ".zarr"
    if not stored and not isinstance(source, Campaign):
        return read(*paths, area=area, columns=columns, specimen=specimen, run=run)
    options = {"area": area, "columns": columns, "specimen": specimen}
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise SettingsError(
            f"{', '.join(given)}: this applies to instrument files and would be ignored for a "
            "campaign that was read before; read its files again with it, or make a study.toml."
        )
    return source if isinstance(source, Campaign) else open_campaign(paths[0])


def in_memory(campaign: Campaign) -> Campaign:
    """Return a campaign whose arrays were read once: what draws it asks for each many times.

    An array of more than `MOST_HELD` bytes stays where it is, and is read whenever it is asked for.
    """
    nodes = {name: campaign[name] for name in campaign.nodes}
    for node in nodes.values():
        for variable in node.variables.values():
            if variable.nbytes <= MOST_HELD:
                variable.load()
    return Campaign(nodes, campaign.attrs)
