"""The block of the page holds the run's own numbers, and nothing else on the page changes."""

from __future__ import annotations

import pytest

from anodescope.bench import page
from anodescope.cli.main import main
from anodescope.errors import SettingsError

BODY = "# Title\n\n<!-- bench:drt -->\n\nearlier run\n\n<!-- /bench:drt -->\n\nrest\n"
RUN = [
    {"setting": "seed", "value": "5"},
    {"setting": "seed from", "value": "--seed"},
    {"setting": "seconds per peer", "value": "no peers"},
    {"setting": "sets", "value": "scale"},
]


def rows_of(text: str, title: str) -> list[list[str]]:
    """Return the cells of the table below a bold title."""
    after = text.split(f"**{title}.**")[1].splitlines()
    start = next(k for k, line in enumerate(after) if line.startswith("|"))
    lines = []
    for line in after[start:]:
        if not line.startswith("|"):
            break
        lines.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return lines


def test_only_what_stands_between_the_marks_changes(tmp_path):
    path = tmp_path / "drt.md"
    path.write_text(BODY, encoding="utf-8")
    scale = [{"method": "anodescope joint", "spectra": 5000, "workers": 2, "status": "ran",
              "first": 0.5, "seconds": 4.256, "peak_memory": 310.2}]  # fmt: skip
    page.fill(path, {"drt: run": RUN, "drt: scale": scale, "pairs": []})
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Title\n\n<!-- bench:drt -->\n")
    assert text.endswith("<!-- /bench:drt -->\n\nrest\n")
    assert "earlier run" not in text
    head, _, row = rows_of(text, "Scale")
    assert dict(zip(head, row, strict=True))["s"] == "4.26"
    assert row[:3] == ["anodescope joint", "5,000", "2"]
    assert "Not run: goals, accuracy" in text
    page.fill(path, {"drt: run": RUN})
    assert "4.26" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text", ["no marks", BODY + BODY, "<!-- /bench:drt -->\n<!-- bench:drt -->"]
)
def test_a_page_without_its_marks_is_refused_before_anything_is_run(tmp_path, text, capsys):
    path = tmp_path / "drt.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="marks"):
        page.require_marks(path, ["drt"])
    with pytest.raises(SystemExit) as ended:
        main(["bench", "drt", "--page", str(path)])
    assert ended.value.code == 1
    assert path.read_text(encoding="utf-8") == text
    assert "bench drt …" not in capsys.readouterr().err


def test_a_page_that_is_not_there_or_a_run_without_drt_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="no such file"):
        page.require_marks(tmp_path / "none.md", ["drt"])
    with pytest.raises(SettingsError, match="not run"):
        page.require_marks(tmp_path / "none.md", ["pairs"])


def test_every_line_of_a_table_has_as_many_cells_as_its_head():
    for name, (_, sentence, columns) in page.TABLES.items():
        rows = page.table([{"status": "failed: a|b"}], columns).splitlines()
        assert sentence.endswith("."), name
        assert {line.replace("\\|", "").count("|") for line in rows} == {len(columns) + 1}


def test_a_file_is_one_line_with_a_column_for_each_peer():
    common = {"file": "a.mpr", "electrode": 1, "points": 40, "status": "ran"}
    rows = [
        common | {"method": "ours single", "sweeps": 61, "held_out": 0.02, "held_out_few": 0.03,
                  "terms": "none", "inconsistent": 0.25, "floor": None},
        common | {"method": "hybrid-drt + C 0.1.1", "sweeps": 5, "held_out_few": 0.04},
        common | {"method": "pyDRTtools GCV", "sweeps": 5, "status": "not installed"},
    ]  # fmt: skip
    head, _, *lines = rows_of(page.block({"run": RUN, "real files": rows}), "Real files")
    found = dict(zip(head, lines[0], strict=True))
    assert len(lines) == 1
    assert (found["sweeps"], found["ours, single"], found["few: single"]) == (
        "61",
        "0.020",
        "0.030",
    )
    assert (found["hybrid-drt + C"], found["hybrid-drt"], found["KK"]) == ("0.040", "", "25.0 %")


@pytest.mark.parametrize(("value", "shown"), [
    (0.0853, "0.085"), (1.084, "1.08"), (12.34, "12.3"), (5000.0, "5,000"), (0.0, "0.000"),
    (2.5e-6, "2.50e-06"), (float("nan"), ""), (-0.031, "-0.031"),
])  # fmt: skip
def test_numbers_are_shown_short(value, shown):
    assert page.show(value) == shown
