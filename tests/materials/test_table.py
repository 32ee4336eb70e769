"""Every quantity: a source or a reason, a range that holds its value; the page is current."""

from __future__ import annotations

import pytest

from anodescope.citations import WORKS
from anodescope.errors import SettingsError
from anodescope.materials import ESTIMATE, SOURCES, Quantity, nasicon, quantities, table
from tools import materials_figures


@pytest.mark.parametrize("quantity", quantities(), ids=lambda q: q.name)
def test_every_quantity_says_where_it_is_from(quantity: Quantity) -> None:
    assert quantity.source == ESTIMATE or quantity.source in SOURCES
    assert quantity.uncertainty is not None
    if quantity.source == ESTIMATE:
        assert len(quantity.note) > 30
    if quantity.span is not None:
        assert quantity.span[0] <= quantity(quantity.at) <= quantity.span[1]


def test_the_table_has_a_row_for_each() -> None:
    rows = table()
    assert len(rows) == len({row.name for row in rows}) == len(quantities())


def test_a_work_of_both_lists_has_one_doi() -> None:
    for key in SOURCES.keys() & WORKS.keys():
        assert SOURCES[key].doi == WORKS[key].doi


def test_a_quantity_without_a_reason_or_source_is_refused() -> None:
    for source, note in (("nobody2020", "read there"), (ESTIMATE, " ")):
        with pytest.raises(SettingsError, match="expected"):
            Quantity("x", "1", 1.0, source, note)
    with pytest.raises(SettingsError, match="span"):
        Quantity("x", "1", 1.0, ESTIMATE, "why", span=(2.0, 1.0))


def test_boundaries_are_what_grains_leave_of_the_whole() -> None:
    """The three conductivities agree to the two digits that they have."""
    rest = 1.0 / (1.0 / nasicon.conductivity() - 1.0 / nasicon.bulk_conductivity())
    assert nasicon.boundary_conductivity() == pytest.approx(rest, rel=0.05)
    assert nasicon.conductivities() == pytest.approx((2e-3, 1.1e-3))
    assert nasicon.conductivities(320.0)[0] > 2e-3
    with pytest.raises(SettingsError, match="known from"):
        nasicon.conductivities(500.0)


def test_the_page_holds_the_table() -> None:
    assert materials_figures.block() in materials_figures.PAGE.read_text(encoding="utf-8")
