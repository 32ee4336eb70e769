"""A small analysed cell, and an analysis that draws nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import anodescope as an
from anodescope.campaign import Campaign
from anodescope.workflow import output
from tests.formats.test_read import hold, sweep, write


def small_campaign(folder: Path) -> Campaign:
    """A hold and one spectrum, one point of which is not a number."""
    write(folder / "run_01_CP_C01.mpt", "CP", hold())
    points = sweep()
    points["Re(Z)/Ohm"][3] = np.nan
    write(folder / "run_02_GEIS_C01.mpt", "GEIS", points, began=30.0)
    return an.analyse(folder)


@contextmanager
def nothing_drawn() -> Iterator[None]:
    """Figures, page and store take most of the time; what is in them does not matter here."""

    def figures(campaign, place, *drawn, **options):
        place.mkdir()
        (place / "content").write_text(campaign.attrs["title"])

    def report(campaign, place, **rest):
        place.write_text(campaign.attrs["title"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Campaign, "save", figures)
        patch.setattr(output, "make_figures", lambda campaign, **options: {})
        patch.setattr(output, "write_figures", figures)
        patch.setattr(output, "write_report", report)
        yield
