"""Figures as files: exact widths, three formats, the same bytes twice, no trace left behind."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from anodescope.report import (
    DOUBLE,
    SINGLE,
    bode,
    gamma_curves,
    nyquist,
    operando_map,
    residuals,
    save_figure,
    sheet,
)
from anodescope.report.saving import figure_bytes
from anodescope.report.style import printable, shorten
from tests.report.conftest import StandIn

ROOT = Path(__file__).parents[2]
MAKERS = [
    (operando_map, DOUBLE), (sheet, DOUBLE), (nyquist, SINGLE), (bode, SINGLE),
    (residuals, SINGLE), (gamma_curves, SINGLE),
]  # fmt: skip


@pytest.mark.parametrize(("make", "width"), MAKERS)
def test_files_have_the_journal_width(
    make: Callable[[StandIn], Figure], width: float, campaign: StandIn, tmp_path: Path
) -> None:
    paths = save_figure(make(campaign), tmp_path / "new" / "folder", "figure")
    assert set(paths) == {"png", "svg", "pdf"}
    assert sorted(p.name for p in paths["png"].parent.iterdir()) == [
        "figure.pdf", "figure.png", "figure.svg"
    ]  # fmt: skip
    png = paths["png"].read_bytes()
    pixels = struct.unpack(">I", png[16:20])[0]
    assert pixels / 300 * 2.54 == pytest.approx(width, abs=0.01)
    assert b"pHYs" + struct.pack(">II", 11811, 11811) in png
    points = float(re.search(r'width="([\d.]+)pt"', paths["svg"].read_text()).group(1))
    assert points / 72 * 2.54 == pytest.approx(width, abs=0.01)
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+)", paths["pdf"].read_bytes())
    assert float(box.group(1)) / 72 * 2.54 == pytest.approx(width, abs=0.01)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_same_campaign_gives_the_same_bytes(suffix: str, campaign: StandIn) -> None:
    first = figure_bytes(operando_map(campaign), suffix)
    assert figure_bytes(operando_map(campaign), suffix) == first
    assert b"Date" not in first
    assert b"Matplotlib v" not in first


def test_svg_needs_no_font_and_pdf_embeds_one(campaign: StandIn) -> None:
    figure = nyquist(campaign)
    svg = figure_bytes(figure, "svg")
    assert b"<text" not in svg
    assert b"/Type3" not in figure_bytes(figure, "pdf")


def test_map_is_a_raster_inside_the_vector_figure(campaign: StandIn) -> None:
    assert b"<image" in figure_bytes(operando_map(campaign), "svg")


def test_text_that_cannot_be_set_becomes_a_box() -> None:
    assert printable("γ−Ω\u2009cm²") == "γ−Ω\u2009cm²"
    assert printable("a\x00中\u202eb") == "a□□□b"


def test_shorten_keeps_both_ends() -> None:
    assert shorten("x" * 10, 10) == "x" * 10
    text = shorten("abcdefghijklmnop", 7)
    assert (len(text), text[:3], text[-3:]) == (7, "abc", "nop")


def test_pyplot_is_never_imported() -> None:
    code = (
        "import sys\n"
        "from tests.report.conftest import staircase\n"
        "from anodescope.report import make_figures\n"
        "make_figures(staircase(6, 0, 11))\n"
        "sys.exit('matplotlib.pyplot' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT)
    assert done.returncode == 0
