"""Tables of the page: sentences stay whole and wrap, symbols are set with their indices."""

from __future__ import annotations

import pandas as pd
import pytest

from anodescope.report import write_report
from anodescope.report.content import MOST, cell, clip, table
from anodescope.report.rendering import _asset
from anodescope.report.symbols import math_text, runs
from tests.report.conftest import StandIn
from tests.report.samples import with_results

CRITERION = (
    "first current at which d(V − iR_Ω)/di exceeds 2.5 times its initial value (line through the "
    "first 10% of the stairs, at least 5); V: mean over the last 20% of the hold; R_Ω: measured "
    "series resistance and γ_GB"
)


def test_a_sentence_keeps_its_middle() -> None:
    assert len(CRITERION) > 160
    assert cell(CRITERION, name=True).text == CRITERION
    cut = clip("word R_Ω " * MOST)
    assert cut.endswith("R_Ω …")
    assert len(cut) <= MOST + 2


def test_a_long_path_loses_its_middle() -> None:
    path = "a/" * 200 + "end.mpr"
    assert cell(path, name=True).text.endswith("end.mpr")
    assert len(cell(path, name=True).text) == 160


@pytest.mark.parametrize(("text", "expected"), [
    ("R int", [("R", False), ("int", True)]),
    ("tau_int", [("τ", False), ("int", True)]),
    ("n_int", [("n", False), ("int", True)]),
    ("γ' int", [("γ'", False), ("int", True)]),
    ("V − iR_Ω, γ'_int", [("V − iR", False), ("Ω", True), (", γ'", False), ("int", True)]),
    ("Q_dl", [("Q", False), ("dl", True)]),
    ("not_decidable", [("not_decidable", False)]),
    ("NaK50_SGEIS_R_int2b.mpr", [("NaK50_SGEIS_R_int2b.mpr", False)]),
    ("R interface", [("R interface", False)]),
    ("", [("", False)]),
])  # fmt: skip
def test_symbols_are_told_from_words(text: str, expected: list[tuple[str, bool]]) -> None:
    assert runs(text) == expected


def test_symbols_of_figures_are_mathtext_and_dollars_are_not() -> None:
    assert math_text("R_int: $5") == r"R$_{int}$: \$5"
    assert cell("tau_int").text == "tau_int"
    assert cell("not_decidable").text == "not decidable"


def test_sentences_stand_below_the_numbers_of_their_row() -> None:
    frame = pd.DataFrame({"from": ["R int"], "criterion": [CRITERION], "block": ["0"]})
    shown = table(frame, "Findings.")
    assert shown is not None
    assert [head.text for head in shown.heads] == ["from", "block", "criterion"]
    assert [head.below for head in shown.heads] == [False, False, True]
    assert shown.kind == "noted columns-2"
    assert f".{shown.kind.split()[1]} {{" in _asset("page.css")
    plain = table(pd.DataFrame({"a": [1]}), "Plain.")
    assert plain is not None
    assert plain.kind == ""


def test_page_sets_symbols_and_whole_criteria(campaign: StandIn, tmp_path) -> None:  # type: ignore[no-untyped-def]
    told = with_results(campaign)
    findings = told["findings"].copy(deep=True)
    findings["criterion"][0] = CRITERION
    path = write_report(told.but(findings=findings), tmp_path / "r.html", figures={}, sweeps=[0])
    html = path.read_text(encoding="utf-8")
    assert "<td" in html
    assert "R<sub>int</sub>" in html
    assert "d(V − iR<sub>Ω</sub>)/di exceeds 2.5 times its initial value (line through" in html
