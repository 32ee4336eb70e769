"""Remedies at their edges: advice that can be taken, names in a table, a meniscus still moving."""

from __future__ import annotations

import re

import numpy as np
import pytest

from anodescope.contact import meniscus
from anodescope.contact.remedies import compare, side_by_side, with_additive
from anodescope.contact.wetting import Liquid
from anodescope.errors import SettingsError

SLAB = {"pixel": 2e-5, "thickness": 0.05, "conductivity": 5e-4}
BARE = Liquid(0.15, 150.0)


@pytest.mark.parametrize("angle", [1.0, 30.0, 95.0, 130.0, 150.0, 179.9, 180.0])
def test_the_most_that_a_refusal_names_is_not_refused(angle: float) -> None:
    liquid = Liquid(0.15, angle)
    with pytest.raises(SettingsError) as refused:
        with_additive(liquid, lowers=0.9999, hold="adhesion")
    named = re.search(r"at most (\S+) where", str(refused.value))
    assert named is not None
    most = float(named.group(1))
    assert with_additive(liquid, lowers=most, hold="adhesion").adhesion == pytest.approx(
        liquid.adhesion
    )
    # Three digits are shown, so one more of the last is too much.
    with pytest.raises(SettingsError, match="lowers: expected at most"):
        with_additive(liquid, lowers=most * 1.011 + 1e-9, hold="adhesion")


def test_a_name_stays_in_its_cell() -> None:
    found = compare(np.zeros((4, 4)), {"a|b\nc": BARE}, **SLAB)
    heads, _, line = side_by_side(found).splitlines()[:3]
    assert line.startswith(r"| a\|b c |")
    bare = line.replace(r"\|", "")
    assert bare.count("|") == heads.count("|")


def test_a_table_says_where_the_meniscus_still_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = np.random.default_rng(5).random((8, 8)) * 1e-4
    said = side_by_side(compare(wall, {"bare": BARE}, **SLAB))
    assert "settled" not in said
    monkeypatch.setattr(meniscus, "SWEEPS", 3)
    cut = compare(wall, {"bare": BARE}, **SLAB)
    moving = cut["meniscus"].values == "max_steps"
    assert moving.any()
    table = side_by_side(cut)
    assert table.count("≥ ") == table.count(", not settled") == moving.sum()
    assert "Not settled: the meniscus was still moving" in table
