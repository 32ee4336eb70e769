"""The end of an error sentence: which of the known words the user may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" where something is close, else the list of what is known."""
    known = list(dict.fromkeys(options))
    close = get_close_matches(word, known, n=3, cutoff=0.6)
    if close:
        return f" Did you mean {' or '.join(repr(name) for name in close)}?"
    return f" Known: {', '.join(known)}." if known else ""
