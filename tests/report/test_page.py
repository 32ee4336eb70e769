"""The page: whole without network or script, safe with hostile names, readable by machines."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from anodescope.campaign import Campaign, build_node
from anodescope.citations import WORKS
from anodescope.report import (
    choose_sweeps,
    make_figures,
    nyquist,
    write_figures,
    write_report,
)
from tests.report.conftest import StandIn

VOID = {"meta", "img", "br", "hr", "link", "input"}
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


class Reader(HTMLParser):
    """Collects tags, attributes and texts, and insists that every tag is closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {k: v or "" for k, v in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.tags.append((tag, {k: v or "" for k, v in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def page(make: Callable[..., StandIn], tmp_path_factory: pytest.TempPathFactory) -> Path:
    campaign = make(20, 4, 41).but(
        warnings=[f"NaK50_SGEIS.mpr: sweep {k} drifts by {k}.5 mV" for k in range(30)] + ["other"],
        citations=["wan2015", "A text."],
    )
    path = tmp_path_factory.mktemp("page") / "deep" / "report.html"
    return write_report(campaign, path, summary={"n_spectra": 24, "files": ["ü"]})


def test_page_is_well_formed_and_whole(page: Path) -> None:
    reader = read(page)
    assert [p.name for p in page.parent.iterdir()] == ["report.html"]
    assert page.stat().st_size < 5e6
    heads = [tag for tag, _ in reader.tags if re.fullmatch(r"h\d", tag)]
    assert heads.count("h1") == 1
    assert heads.count("h2") == 13
    anchors = {a["href"][1:] for t, a in reader.tags if t == "a"}
    assert anchors == {a["id"] for t, a in reader.tags if t == "h2"}
    for word in ("Kramers–Kronig", "campaign.zarr", "open_campaign", "ab" * 32, "n_spectra"):
        assert word in reader.text


def test_page_asks_no_network_for_anything(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    reader = read(page)
    for _, attrs in reader.tags:
        for name in ("src", "href", "action", "data", "srcset", "poster"):
            assert attrs.get(name, "#").startswith(("data:image/", "#"))
    assert "//" not in re.sub(r"base64,[^\"]*|// Tables[^\n]*", "", text).replace("per//", "")
    assert "url(" not in text
    assert "@import" not in text
    policy = next(a["content"] for t, a in reader.tags if a.get("http-equiv"))
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy


def test_every_figure_has_words(page: Path) -> None:
    reader = read(page)
    images = [attrs for tag, attrs in reader.tags if tag == "img"]
    # The map, the chosen sweeps together and one by one, the series twice, the recovery.
    assert len(images) == 1 + 1 + 5 + 1 + 2 + 1
    assert all(len(image["alt"]) > 40 for image in images)
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("figcaption") == len(images)
    assert tags.count("caption") == tags.count("table")
    assert all(a.get("scope") == "col" for t, a in reader.tags if t == "th")


def test_warnings_that_differ_in_numbers_are_one_kind(page: Path) -> None:
    text = " ".join(read(page).text.split())
    assert "31 in 2 kinds" in text
    assert "(× 30)" in text
    assert "and 10 more" in text


def test_works_to_cite_are_text(page: Path) -> None:
    text = read(page).text
    assert WORKS["wan2015"].text() in text
    assert "A text." in text


def test_works_are_found_in_the_provenance(campaign: StandIn, tmp_path: Path) -> None:
    entries = [{"step": "validate", "node": "validation", "functions": ["a.b"], "version": "1",
                "parameters": {"x": 1}, "citations": [WORKS["boukamp1995"].doi]}]  # fmt: skip
    told = campaign.but(provenance=entries)
    text = read(write_report(told, tmp_path / "r.html", figures={}, sweeps=[0])).text
    assert WORKS["boukamp1995"].text() in text
    assert "a.b" in text


def test_hostile_names_are_only_text(campaign: StandIn, tmp_path: Path) -> None:
    spectra = campaign["spectra"].copy()
    spectra["technique"] = ("spectrum", np.array([HOSTILE] * 24, dtype=object))
    provenance = [{"source": HOSTILE + "n" * 500, "technique": HOSTILE, "rows": HOSTILE,
                   "sha256": HOSTILE, "reader": HOSTILE, "version": HOSTILE,
                   "parameters": {HOSTILE: HOSTILE}}]  # fmt: skip
    hostile = campaign.but(
        spectra=spectra, title=HOSTILE, warnings=[HOSTILE], provenance=provenance,
        specimen={HOSTILE: HOSTILE}, citations=[HOSTILE], origin=HOSTILE,
    )  # fmt: skip
    path = write_report(hostile, tmp_path / "r.html", summary={HOSTILE: HOSTILE})
    reader = read(path)
    assert sum(tag == "script" for tag, _ in reader.tags) == 1
    assert all("onerror" not in attrs for _, attrs in reader.tags)
    assert "<script>alert" not in path.read_text(encoding="utf-8")
    assert HOSTILE in reader.text


ALONE = {"nyquist", "bode", "residuals", "gamma"}  # of these the page shows the sheet of all four
EVERYTHING = ("drt", "validation", "spectra", "timeseries", "steps", "events")


@pytest.mark.parametrize("absent", [
    ("drt",), ("drt", "validation"), ("timeseries",), ("steps", "events"),
    ("drt", "validation", "spectra"), EVERYTHING,
])  # fmt: skip
def test_absent_nodes_leave_a_readable_page(
    absent: tuple[str, ...], campaign: StandIn, tmp_path: Path
) -> None:
    poor = campaign.but(**dict.fromkeys(absent))
    reader = read(write_report(poor, tmp_path / "r.html"))
    images = sum(tag == "img" for tag, _ in reader.tags)
    drawn = make_figures(poor)
    singles = len(choose_sweeps(poor)) if "spectra" not in absent else 0
    assert images == len(set(drawn) - ALONE) + singles
    assert ("operando_map" in drawn) is (absent != EVERYTHING)


def test_long_tables_are_capped_and_say_where_the_rest_is(
    make: Callable[..., StandIn], tmp_path: Path
) -> None:
    long = make(230, 0, 11, 0.0)
    reader = read(write_report(long, tmp_path / "r.html", sweeps=[0]))
    assert "The first 200 of 230 rows; all of them are in tables/spectra.csv." in reader.text
    assert sum(tag == "tr" for tag, _ in reader.tags) < 230


def test_same_campaign_gives_the_same_page(campaign: StandIn, tmp_path: Path) -> None:
    first = write_report(campaign, tmp_path / "a.html", sweeps=[0]).read_bytes()
    assert write_report(campaign, tmp_path / "b.html", sweeps=[0]).read_bytes() == first


def test_given_figures_are_used(campaign: StandIn, tmp_path: Path) -> None:
    figures = {"my_figure": nyquist(campaign)}
    reader = read(write_report(campaign, tmp_path / "r.html", figures=figures, sweeps=[0]))
    assert sum(tag == "img" for tag, _ in reader.tags) == 1
    assert "There is no voltage, current or spectrum to draw." in reader.text


def test_figures_are_made_for_what_there_is(campaign: StandIn, tmp_path: Path) -> None:
    every = {"operando_map", "spectra", "nyquist", "bode", "residuals", "gamma",
             "original_spectra", "gamma_overlay", "gamma_waterfall", "recovery"}  # fmt: skip
    assert set(make_figures(campaign)) == every
    assert set(make_figures(campaign.but(drt=None, validation=None))) == every - {
        "residuals", "gamma", "gamma_overlay", "gamma_waterfall"
    }  # fmt: skip
    assert make_figures(StandIn({})) == {}
    only = {"nyquist": nyquist(campaign)}
    paths = write_figures(campaign, tmp_path / "figures", only)
    assert sorted(p.name for p in (tmp_path / "figures").iterdir()) == [
        "nyquist.pdf", "nyquist.png", "nyquist.svg"
    ]  # fmt: skip
    assert set(paths) == {"nyquist"}


@pytest.mark.slow
def test_a_browser_shows_the_page_without_network_or_complaint(page: Path, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        reason = "no chromium on this machine"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    script = "--enable-logging=stderr --v=0 --headless --no-sandbox --disable-gpu --disable-quic"
    rules = ["--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--no-first-run",
             f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=5000"]  # fmt: skip
    done = subprocess.run(
        [browser, *script.split(), *rules, "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "CONSOLE" not in done.stderr
    assert "Refused" not in done.stderr
    assert '<button type="button">' in done.stdout


@pytest.mark.parametrize(("kind", "numbered"), [("technique", False), ("short", True)])
def test_numbers_are_spoken_of_only_where_the_map_has_them(tmp_path, kind, numbered):
    nodes = {
        "timeseries": build_node("timeseries", {"time": np.arange(5.0), "voltage": np.ones(5)}),
        "events": build_node("events", {"time": [1.0], "kind": [kind], "message": ["It was so."]}),
    }
    text = read(write_report(Campaign(nodes), tmp_path / "report.html")).text
    assert "It was so." in text
    assert ("numbers are those on the map" in text) is numbered
