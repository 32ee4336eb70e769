"""What the results of an analysis hold, and that the documentation lists all of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from anodescope.campaign import Campaign
from anodescope.errors import Outcome
from anodescope.events.finding import Finding, findings_node
from anodescope.report import tables
from anodescope.workflow import output
from anodescope.workflow.summary import summarise
from tests.workflow.small import nothing_drawn, small_campaign

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory) -> Campaign:
    return small_campaign(tmp_path_factory.mktemp("cell"))


@pytest.fixture(scope="module", autouse=True)
def quick():
    with nothing_drawn():
        yield


def test_half_a_surrogate_pair_is_written_as_json_does(tmp_path):
    output.write_json(tmp_path / "s.json", {"title": "caf\udce9 α"})
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8")) == {"title": "caf\udce9 α"}


def test_invalid_points_are_counted(campaign, tmp_path):
    assert output.write_results(campaign, tmp_path)["n_invalid_points"] == 1
    valid = campaign["spectra"]["valid"].values
    assert valid.size - valid.sum() == 1


def documented(title: str) -> list[str]:
    """Names in the first column of the tables below a heading or sentence of summary.md."""
    text = (ROOT / "docs" / "summary.md").read_text(encoding="utf-8")
    table = re.search(re.escape(title) + r"[^|]*\n((?:\|.*\n)+)", text)
    assert table is not None
    rows = table[1].splitlines()[2:]
    return [name for row in rows for name in re.findall("`(.+?)`", row.split("|")[1])]


def test_the_document_lists_every_key_and_output(campaign, tmp_path):
    summary = output.write_results(campaign, tmp_path)
    assert set(documented("# `summary.json`")) == set(summary)
    assert documented("## What lies beside it") == summary["outputs"] == list(output.ITEMS)


def test_the_document_lists_every_column_of_the_tables(campaign):
    columns = documented("`tables/spectra.csv` has one row")
    heads = [tables.head(*row) for row in tables.SPECTRA]
    found = list(tables.spectra_table(campaign))
    assert set(columns) == {*heads, *found}
    assert [name for name in columns if name in found] == found
    for name in ("files", "events"):
        table = tables.report_tables(campaign)[name]
        assert documented(f"`tables/{name}.csv` has one row") == list(table)


def test_an_open_bound_is_told_apart_from_an_unknown_one():
    nan, inf = float("nan"), float("inf")
    bounds = [(1.0, inf), (-inf, inf), (nan, 2.0)]
    found = [
        Finding("onset_current", nan, *pair, "A", Outcome.determined, "k = 2.5", "voltage")
        for pair in bounds
    ]
    told = summarise(Campaign({"findings": findings_node(found)}))["findings"]
    json.dumps(told, allow_nan=False)
    assert [row["open"] for row in told] == [["high"], ["low", "high"], []]
    read = [
        tuple(
            sign * (inf if name in row["open"] else nan) if row[name] is None else row[name]
            for name, sign in (("low", -1), ("high", 1))
        )
        for row in told
    ]
    np.testing.assert_equal(read, bounds)
