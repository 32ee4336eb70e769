"""The page: misses first, figures in their order, nothing that asks a network."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from anodescope.errors import Cancelled
from anodescope.report.paper import PaperContent, chapters, write_page, write_paper
from anodescope.report.pictures import Picture
from anodescope.report.sections import Part
from anodescope.running import Run

CONTENT = PaperContent(
    "The campaign",
    ["Everything was computed."],
    [("Rows", "2", "1 missed")],
    misses=["O6.a falls short: expected 1, computed 2."],
    tally=["quantitative: 2 rows; 1 met, 1 missed."],
    tables={
        "claims": pd.DataFrame({"key": ["wetting"], "verdict": ["not decidable"]}),
        "misses": pd.DataFrame({"row": ["O6.a"]}),
        "scoreboard": pd.DataFrame({"row": ["O6.a", "O5.b"], "verdict": ["missed", "met"]}),
        "ablations": pd.DataFrame({"law": ["none"]}),
        "predictions": pd.DataFrame(),
    },
    sentences={"claims": ("What is built in is named.",)},
    works=["A. Author, A journal 1 (2026)."],
)
PARTS = [Part("Fig. 1: first", Picture("Not drawn: no reason.")), Part("Fig. 3", Picture("No."))]


def test_misses_stand_before_the_scoreboard_and_that_before_the_figures():
    found = chapters(CONTENT, PARTS)
    names = [one.anchor for one in found]
    assert names == ["misses", "scoreboard", "figures", "claims", "ablations", "cite"]
    assert tuple(found[0].sentences) == ("O6.a falls short: expected 1, computed 2.",)
    assert tuple(found[3].sentences) == ("What is built in is named.",)


def test_that_nothing_is_missed_is_said_too():
    first = chapters(PaperContent("The campaign"), [])[0]
    assert tuple(first.sentences) == ("No row is missed.",)


def test_the_page_is_whole_and_asks_no_network(tmp_path):
    path = write_page(tmp_path / "report.html", CONTENT, PARTS)
    text = path.read_text(encoding="utf-8")
    heads = re.findall(r"<h2 id=\"(\w+)\">", text)
    assert heads == ["misses", "scoreboard", "figures", "claims", "ablations", "cite"]
    assert text.index("O6.a falls short") < text.index("Fig. 1: first") < text.index("wetting")
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", text)
    assert "default-src 'none'" in text
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_figures_are_saved_and_embedded(tmp_path, runs):
    path = write_paper(tmp_path, {"pulse_1": runs["pulse_1"]}, CONTENT)
    files = sorted(one.name for one in (tmp_path / "figures").iterdir())
    assert files == ["fig_4.pdf", "fig_4.png", "fig_4.svg"]
    assert "Fig. 4: pulsed stripping" in path.read_text(encoding="utf-8")


def test_an_interrupted_page_is_not_written(tmp_path, runs):
    with pytest.raises(Cancelled, match="after 0 of 1"):
        write_paper(
            tmp_path, {"pulse_1": runs["pulse_1"]}, CONTENT, run=Run(cancelled=lambda: True)
        )
    assert not (tmp_path / "report.html").exists()
