"""Symbols with an index, such as R_int: found in a text, set in a figure, set on a page."""

from __future__ import annotations

import re

from anodescope.report.style import printable

_BASES = "i?R|d?[RCQnLViZkEBf]|γ'?|τ|tau|σ"
_INDICES = r"int\w{0,2}|GB|Ω|ct|dl|el|on|pristine|s|w|b|0|min|max|inf|\d"
# Where a space took the place of the underscore, only what can be nothing else counts.
SYMBOL = re.compile(rf"(?<![\w.])(?:({_BASES})_({_INDICES})|([RCQnτ]|tau|γ'?) (int|GB))(?!\w)")
GREEK = {"tau": "τ"}


def runs(text: str) -> list[tuple[str, bool]]:
    """Return a text in runs, and of each whether it is set as an index.

    “R_int”, “γ'_int” and “tau int” become a letter and its index; other text is left as it is.
    """
    found: list[tuple[str, bool]] = []
    end = 0
    for one in SYMBOL.finditer(text):
        base, index = (one[1], one[2]) if one[1] else (one[3], one[4])
        found += [(text[end : one.start()] + GREEK.get(base, base), False), (index, True)]
        end = one.end()
    return [*found, (text[end:], False)] if end < len(text) or not found else found


def math_text(text: str) -> str:
    """Return a text for a figure, its symbols as mathtext and all else as plain characters."""
    return "".join(
        f"$_{{{part}}}$" if lower else printable(part).replace("$", r"\$")
        for part, lower in runs(text)
    )
