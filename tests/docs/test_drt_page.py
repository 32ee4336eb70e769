"""docs/drt.md: its marks stand, its window table is right, and what fills it measures rightly."""

from __future__ import annotations

import re
from math import log10, pi

import numpy as np
import pytest

from anodescope.bench.spectra import zarc_gamma
from tools import drt_figures

from . import blocks as b

PAGE = (b.ROOT / "docs" / "drt.md").read_text(encoding="utf-8")


def row(name: str) -> list[str]:
    """Return the cells of a row of the page's tables, by its first cell."""
    found = [line for line in PAGE.splitlines() if line.startswith(f"| {name}")]
    assert len(found) == 1, name
    return [cell.strip(" *") for cell in found[0].strip("|").split("|")][1:]


@pytest.mark.parametrize("name", ["bench:drt", "figures:drt"])
def test_what_programs_fill_in_has_its_marks_once(name: str) -> None:
    assert len(re.findall(f"<!-- {name} -->.*?<!-- /{name} -->", PAGE, re.S)) == 1
    assert PAGE.count(f"{name} -->") == 2


def test_the_window_of_the_paper_is_computed_right() -> None:
    for name, frequency in (("the window begins at", 7e6), ("the window ends at", 5.0)):
        ours, other = (float(cell.removesuffix(" s")) for cell in row(name))
        assert ours == pytest.approx(1 / (2 * pi * frequency), rel=0.02)
        assert other == pytest.approx(1 / frequency, rel=0.02)
    outside, inside = (float(cell.split()[0]) for cell in row("it lies"))
    assert outside == pytest.approx(log10(0.1 * 2 * pi * 5), abs=0.005)
    assert inside == pytest.approx(log10(0.2 / 0.1), abs=0.005)
    shares = [float(cell.split()[0]) for cell in row("share of its area")]
    assert shares == [float(value.split()[0]) for _, value in drt_figures.windows()]


def test_a_knee_is_found_where_it_is() -> None:
    rows = np.arange(60.0)
    noise = np.random.default_rng(3).standard_normal(60)
    found = drt_figures.knee(5 + 2 * np.maximum(rows - 33.4, 0) + 0.1 * noise)
    assert found == pytest.approx(33.4, abs=0.3)


def test_the_difference_of_two_distributions_is_relative() -> None:
    tau = np.logspace(-3, 3, 200)
    gamma = zarc_gamma(tau, np.float64(10.0), np.float64(1.0), np.float64(0.9))
    assert drt_figures.difference(gamma, tau, gamma, tau) == pytest.approx(0.0, abs=1e-12)
    assert drt_figures.difference(1.1 * gamma, tau, gamma, tau) == pytest.approx(0.1)


def test_a_table_keeps_its_cells() -> None:
    made = drt_figures.table([("rms over |Z|", "1")]).splitlines()
    assert "| rms over \\|Z\\| | 1 |" in made
