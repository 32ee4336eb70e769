"""What goes wrong, in one sentence each: exceptions for people, `Outcome` for numerical results."""

from __future__ import annotations

from enum import Enum
from pathlib import Path


class AnodescopeError(Exception):
    """Base of every error that anodescope raises on purpose; its text is one clear sentence."""


class ReadError(AnodescopeError):
    """A file (or a place in it) is not what its format promises.

    Parameters
    ----------
    path : path of the file.
    expected, found : what the format promises at that place, and what is there.
    offset : place in the file: a byte offset for binary files, a line number for text.
    place : the word for `offset`, ``"byte"`` or ``"line"``.
    hint : what to try.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        expected: str,
        found: str,
        offset: int | None = None,
        place: str = "byte",
        hint: str = "",
    ) -> None:
        self.path = Path(path)
        self.expected = expected
        self.found = found
        self.offset = offset
        self.place = place
        self.hint = hint
        super().__init__(path, expected, found)

    def __str__(self) -> str:
        where = "" if self.offset is None else f", {self.place} {self.offset}"
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.path}{where}: expected {self.expected}, found {self.found}.{hint}"


class SchemaError(AnodescopeError):
    """A node, a variable or a table does not follow the Campaign's schema."""


class StoreError(AnodescopeError):
    """A stored campaign cannot be read or written."""


class SettingsError(AnodescopeError):
    """A flag, `specimen.toml` or `study.toml` holds a value that cannot be used."""


class MissingExtra(AnodescopeError):  # noqa: N818  (a state, not a fault)
    """An optional dependency is not installed; the text is the pip line that brings it."""

    def __init__(self, package: str, extra: str) -> None:
        self.package = package
        self.extra = extra
        super().__init__(
            f"{package} is not installed; it comes with: pip install 'anodescope[{extra}]'"
        )


class Cancelled(AnodescopeError):  # noqa: N818  (a state, not a fault)
    """The work was interrupted; nothing was left half-written."""


class Outcome(Enum):
    """How a numerical result came out. The value is a sentence; the name is what a node stores."""

    converged = "The solver met its optimality conditions."
    fallback = "The fast solver failed its check and the safe one solved the problem instead."
    max_steps = "The solver stopped at its step limit; the result may be off: inspect the residual."
    not_described = (
        "No γ with the terms known describes the data: what is left is large and is not noise. "
        "Check the sign of Im Z and the wiring."
    )
    not_finite = "The data hold values that are not finite; nothing was computed."
    too_few_points = "There are fewer valid points than the method needs; nothing was computed."
    no_contact = "No pixel of the interface passes current: the impedance is infinite."
    not_identifiable = "The data do not fix this quantity; any value shown would be arbitrary."
    not_decidable = "The data can neither support nor contradict the statement."
    consistent = "The condition is fulfilled within the noise."
    inconsistent = "The condition is violated beyond the noise."
    determined = "The data fix the quantity within the bounds shown."
    censored = "The record ends before the limit was reached: the bound shown is all it tells."
    not_resolved = "It is faster or slower than the sampling resolves: only a bound is known."
    not_found = "The record covers what is needed, and shows no such thing."
    needs_current = "There is no current in the record, and this cannot be found without it."
    needs_spectra = (
        "There are too few spectra in the record, and this cannot be found without them."
    )
    needs_peaks = "There is no named peak to take R_int from: this needs the peaks node."
    needs_protocol = "No protocol of the kind that this needs was recognised."
    needs_reference = "Without a reference electrode or a stated assumption, it has no electrode."

    @property
    def sentence(self) -> str:
        """The sentence for people."""
        return str(self.value)
