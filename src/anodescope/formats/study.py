"""A study whose campaigns may be folders of instrument files."""

from __future__ import annotations

from pathlib import Path

from anodescope import campaign
from anodescope.campaign import Campaign, Specimen, Study
from anodescope.campaign.study import open_stored
from anodescope.formats.reading import read


def read_study(path: str | Path) -> Study:
    """Read `study.toml`: several campaigns, stored or still instrument files, and their table.

    Campaigns are opened when they are asked for. See `anodescope.campaign.read_study` for the
    file's keys.

    Raises
    ------
    SettingsError
        naming the file, the campaign and what is wrong.
    """
    return campaign.read_study(path, _open)


def _open(path: Path, specimen: Specimen) -> Campaign:
    if path.suffix == ".zarr":
        return open_stored(path, specimen)
    return read(path, specimen=specimen)
