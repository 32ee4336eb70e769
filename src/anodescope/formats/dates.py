"""Dates as instruments print them: the order of day and month is decided by evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

_DATE = re.compile(r"(\d{1,4})\s*([./-])\s*(\d{1,2}|[A-Za-z]{3,9})\s*\2\s*(\d{1,4})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*([AaPp][Mm])?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def parse_date(text: str, *others: str, first: str = "month") -> tuple[datetime | None, str]:
    """Read a date, with its time if there is one, and decide the order of day and month.

    The order is decided by evidence: a year in front (then month, day), a month's name, or a
    field above 12 in this date or else in `others`, dates of the same file. Without evidence it
    is `first`: month first is what EC-Lab writes by default, with slashes and, in its log module,
    with dots (``03.06.25`` is 6 March 2025).

    Parameters
    ----------
    text : the date as printed, such as ``05/15/2025 01:18:45.867``; two-digit years are
        1970–2069; other years than 1970–2099 are no date of a measurement.
    others : further dates of the same file.
    first : ``"month"`` or ``"day"``, what to assume without evidence.

    Returns
    -------
    when : the instant, without a time zone; None where `text` holds no date.
    note : "" or a sentence: no date, or an ambiguous one and what was assumed.
    """
    order, note = order_of((text,), first)
    if note:
        order, note = order_of((text, *others), first)
    when = instant_of(text, order)
    if when is None:
        note = f"{text.strip()!r} holds no date that could be read."
    return when, note


def order_of(dates: Iterable[str], first: str = "month") -> tuple[str, str]:
    """Decide the order of day and month once, from all dates of a file.

    Parameters
    ----------
    dates : the dates as printed.
    first : ``"month"`` or ``"day"``, what to assume without evidence.

    Returns
    -------
    order : ``"month"`` or ``"day"``, whichever comes first.
    note : "" or a sentence: the dates do not decide, or contradict each other.
    """
    votes: dict[str, str] = {}
    doubtful = ""
    for date in dates:
        match = _DATE.search(date)
        if match is None or len(match[1]) > 2 or match[3].isalpha():
            continue
        left, right = int(match[1]), int(match[3])
        if left > 12 or right > 12:
            votes.setdefault("day" if left > 12 else "month", date)
        elif left != right:
            doubtful = doubtful or date
    if len(votes) == 1:
        return next(iter(votes)), ""
    if not votes and not doubtful:
        return first, ""
    named = (doubtful or votes["day"]).strip()
    why = "the dates of this file contradict each other" if votes else "both orders are possible"
    return first, f"The date {named!r} is ambiguous ({why}); it was read {first} first."


def instant_of(text: str, order: str) -> datetime | None:
    """Read a date whose order of day and month was decided (see `order_of`); None if it is none."""
    match = _DATE.search(text)
    if match is None:
        return None
    left, middle, right = match[1], match[3], match[4]
    if len(left) > 2:
        year, month, day = left, middle, right
    elif middle.isalpha() or order == "day":
        day, month, year = left, middle, right
    else:
        month, day, year = left, middle, right
    try:
        number_of_month = _MONTHS.index(month[:3].lower()) + 1 if month.isalpha() else int(month)
        years = int(year) + (0 if len(year) > 2 else 1900 if int(year) >= 70 else 2000)
        if not 1970 <= years < 2100:
            return None
        return datetime(years, number_of_month, int(day), *_clock(text, match.end()))
    except ValueError:
        return None


def _clock(text: str, after: int) -> tuple[int, int, int, int]:
    """Return hour, minute, second and microsecond of the first time of day behind a place."""
    match = _TIME.search(text, after)
    if match is None:
        return 0, 0, 0, 0
    hour = int(match[1])
    if match[5]:
        hour = hour % 12 + (12 if match[5].lower() == "pm" else 0)
    micro = int((match[4] or "0")[:6].ljust(6, "0"))
    return hour, int(match[2]), int(match[3] or 0), micro
