"""One order of day and month for all dates of a file."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodescope.formats.dates import instant_of, order_of, parse_date

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31))


@pytest.mark.parametrize(
    ("dates", "order", "said"),
    [
        (["05/12/2024", "13/12/2024", "02/01/2025"], "day", ""),
        (["12/05/2024", "12/13/2024"], "month", ""),
        (["05/12/2024", "02/01/2025"], "month", "both orders are possible"),
        (["05/12/2024", "13/12/2024", "12/13/2024"], "month", "contradict"),
        (["13/12/2024", "12/13/2024"], "month", "contradict"),
        (["03/03/2024", "2024-01-13", "13-Dec-2024", "words", ""], "month", ""),
        ([], "month", ""),
    ],
)
def test_the_order_is_decided_once_over_all_dates(dates, order, said):
    found, note = order_of(dates)
    assert found == order
    assert said in note
    assert bool(note) is bool(said)


def test_without_evidence_the_order_is_what_was_asked_for():
    assert order_of(["05/12/2024"], first="day")[0] == "day"
    assert order_of(["05/12/2024", "12/13/2024"], first="day") == ("month", "")


def test_a_date_that_is_clear_by_itself_is_not_doubted():
    when, note = parse_date("25/01/2025", "01/26/2025", "27/01/2025")
    assert (when, note) == (datetime(2025, 1, 25), "")


@given(
    instants=st.lists(INSTANTS, min_size=1, max_size=20), order=st.sampled_from(["day", "month"])
)
def test_printed_in_one_order_and_read_back(instants, order):
    pattern = "%d/%m/%Y %H:%M:%S.%f" if order == "day" else "%m/%d/%Y %H:%M:%S.%f"
    printed = [when.strftime(pattern) for when in instants]
    found, note = order_of(printed, first=order)
    assert found == order
    assert [instant_of(text, found) for text in printed] == instants
    clear = any(when.day > 12 for when in instants)
    assert not (clear and note)


def test_an_instant_needs_its_order():
    assert instant_of("05/12/2024 01:02:03", "day") == datetime(2024, 12, 5, 1, 2, 3)
    assert instant_of("05/12/2024 01:02:03", "month") == datetime(2024, 5, 12, 1, 2, 3)
    assert instant_of("13/12/2024", "month") is None
    assert instant_of("12.5", "day") is None
    assert instant_of("31/12/2024", "day") - instant_of("01/12/2024", "day") == timedelta(30)
