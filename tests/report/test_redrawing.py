"""A figure is drawn once per kind of file, anew when it was changed, and Ctrl-C is heeded."""

from __future__ import annotations

import re
import zlib
from io import BytesIO

import pytest
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure

from anodescope.errors import Cancelled
from anodescope.report.figures import save_figures
from anodescope.report.pictures import embed
from anodescope.report.saving import LAYOUT_TABLES, figure_bytes
from anodescope.report.style import new_figure, place
from anodescope.running import Run


@pytest.fixture
def figure() -> Figure:
    made = new_figure(8.3, 5)
    place(made, 1, 1, 6, 3).plot([0, 1, 2], [3, 1, 2], label="AVAT fi")
    made.axes[0].legend()
    return made


def count_drawings(figure: Figure, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    drawn: list[str] = []
    real = figure.savefig

    def savefig(buffer, *, format, **options):
        drawn.append(format)
        real(buffer, format=format, **options)

    monkeypatch.setattr(figure, "savefig", savefig)
    return drawn


def test_the_page_shows_what_was_saved_and_draws_nothing(figure, tmp_path, monkeypatch):
    drawn = count_drawings(figure, monkeypatch)
    save_figures(tmp_path, {"one": figure})
    assert drawn == ["png", "svg", "pdf"]
    assert embed(figure).startswith("data:image/svg+xml;base64,")
    assert figure_bytes(figure, "svg") == (tmp_path / "one.svg").read_bytes()
    assert figure_bytes(figure, "png") == (tmp_path / "one.png").read_bytes()
    assert drawn == ["png", "svg", "pdf"]


@pytest.mark.parametrize("change", ["data", "text", "colour", "axes"])
def test_a_figure_that_was_changed_is_drawn_anew(figure, change):
    before = figure_bytes(figure, "svg")
    figure_bytes(figure, "pdf")
    line = figure.axes[0].lines[0]
    if change == "data":
        line.set_ydata([1, 3, 1])
    elif change == "text":
        figure.text(0.1, 0.1, "more")
    elif change == "colour":
        line.set_color("red")
    else:
        figure.axes[0].remove()
    assert figure_bytes(figure, "svg") != before


def test_fonts_are_embedded_without_the_tables_that_lay_text_out(figure):
    pdf = figure_bytes(figure, "pdf")
    streams = [
        zlib.decompressobj().decompress(s)
        for s in re.findall(b"stream\n(x.*?)endstream", pdf, re.S)
    ]
    fonts = [TTFont(BytesIO(s)) for s in streams if s[:4] == b"\x00\x01\x00\x00"]
    assert fonts
    for font in fonts:
        assert "glyf" in font
        assert not set(LAYOUT_TABLES) & set(font.keys())


def test_ctrl_c_is_heeded_between_two_figures(figure, tmp_path):
    calls = iter(range(9))
    run = Run(cancelled=lambda: next(calls) == 1)
    with pytest.raises(Cancelled, match="after 1 of 2"):
        save_figures(tmp_path, {"one": figure, "two": figure}, run=run)
    assert {path.stem for path in tmp_path.iterdir()} == {"one"}
