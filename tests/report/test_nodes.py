"""A campaign with some of the nodes gives a whole report, whichever they are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from anodescope.errors import Outcome
from anodescope.report import make_figures, page, pictures, report_tables, write_report
from anodescope.report.figures import EXTRAS
from tests.report.conftest import StandIn
from tests.report.samples import with_results
from tests.report.test_page import read

NODES = ("timeseries", "steps", "events", "protocol", "spectra", "validation", "drt", "peaks",
         "circuits", "findings")  # fmt: skip
# What cannot be without another: its rows follow the other's.
NEEDS = {"validation": "spectra", "drt": "spectra", "circuits": "spectra", "peaks": "drt"}


@pytest.fixture(scope="module")
def whole(make: Callable[..., StandIn]) -> StandIn:
    """Every node, as small as a series can be."""
    return with_results(make(6, 3, 11))


def only(campaign: StandIn, kept: tuple[str, ...]) -> StandIn:
    return campaign.but(**{name: None for name in NODES if name not in kept})


def subsets() -> Iterator[tuple[str, ...]]:
    for count in range(len(NODES) + 1):
        yield from itertools.combinations(NODES, count)


def possible(kept: tuple[str, ...]) -> bool:
    return all(NEEDS.get(name, name) in kept for name in kept)


@pytest.mark.slow
def test_every_subset_has_its_words_and_its_tables(whole: StandIn) -> None:
    for kept in filter(possible, subsets()):
        campaign = only(whole, kept)
        words = page._words(campaign, None)
        assert bool(words["blocks"]) is ("protocol" in kept)
        assert bool(words["peaks"]) is ("peaks" in kept)
        assert bool(words["findings"]) is ("findings" in kept)
        tables = report_tables(campaign)
        for name in ("protocol", "peaks", "findings", "circuits", "spectra", "events"):
            assert (name in tables) is (name in kept)


def sample() -> list[tuple[str, ...]]:
    """Every node alone, all but one, and a few others."""
    every = [kept for kept in subsets() if possible(kept)]
    rng = np.random.default_rng(7)
    some = [every[k] for k in rng.choice(len(every), 6, replace=False)]
    alone = [(name,) for name in NODES if name not in NEEDS]
    spectra = [("spectra", *(["drt"] if name == "peaks" else []), name) for name in NEEDS]
    return list(dict.fromkeys([*alone, *spectra, *some, NODES]))


@pytest.mark.parametrize("kept", sample(), ids="-".join)
def test_the_page_comes_out_with_what_there_is(
    kept: tuple[str, ...], whole: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "embed", lambda figure: "data:image/png;base64,AA==")
    check(only(whole, kept), kept, tmp_path)


@pytest.mark.slow
def test_the_page_comes_out_for_every_subset(
    whole: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "embed", lambda figure: "data:image/png;base64,AA==")
    for kept in filter(possible, subsets()):
        # Steps and events are drawn apart from all others; circuits are a table only.
        if ("steps" in kept) == ("events" in kept) and ("circuits" in kept) == ("drt" in kept):
            check(only(whole, kept), kept, tmp_path)


def check(campaign: StandIn, kept: tuple[str, ...], folder: Path) -> None:
    """Hold figures and page to the nodes that are there."""
    figures = make_figures(campaign, [0] if "spectra" in kept else None)
    spectra, drt = "spectra" in kept, "drt" in kept
    measured = spectra or "timeseries" in kept
    expected = {
        "operando_map": measured, "spectra": spectra, "nyquist": spectra, "bode": spectra,
        "gamma": drt, "residuals": drt or "validation" in kept, "original_spectra": spectra,
        "gamma_overlay": drt, "gamma_waterfall": drt, "peak_tracks": "peaks" in kept,
        "threshold": "protocol" in kept and measured, "ccd": False, "capacity": False,
    }  # fmt: skip
    assert {name for name in figures if name != "recovery"} == {
        name for name, wanted in expected.items() if wanted
    }
    path = write_report(campaign, folder / "r.html", figures=figures, sweeps=[0] * spectra)
    text = read(path).text
    if "protocol" not in kept:
        assert Outcome.needs_protocol.sentence in text
    if not spectra:
        assert Outcome.needs_spectra.sentence in text
    if spectra and "peaks" not in kept:
        assert Outcome.needs_peaks.sentence in text


def test_every_extra_has_words(whole: StandIn) -> None:
    from anodescope.report import words

    for extra in EXTRAS:
        assert len(words.alt(whole, extra.name)) > 40
        if extra.wanted(whole):
            assert len(extra.caption(whole)) > 80
            assert extra.caption(whole).endswith(".")
