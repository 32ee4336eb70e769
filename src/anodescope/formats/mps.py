"""EC-Lab and BT-Lab settings (.mps): the linked techniques that an experiment was set up with.

Layout
------
Line 1 is ``EC-LAB SETTING FILE`` (or ``BT-LAB SETTING FILE``). ``key : value`` lines follow:
``Number of linked techniques``, ``Filename``, ``Device``, ``Ewe ctrl range : min = …, max = …``;
``Safety Limits :`` and its limits, each after a tab; ``Comments``, one per line; cell data such as
``Electrode surface area : 0.001 cm²`` and switches without a value (``Record Power``). Then, for
each technique, ``Technique : n``, its long name, and a table in columns of 20 characters: the
parameter's label, then one value per sequence (Ns 0, 1, …). A label longer than its column runs
up to the first value that is aligned.

``Loop`` has two parameters: ``goto Ne`` is the technique to go back to, ``nt times`` how often, so
the techniques between run nt + 1 times. The electrode area is a default more often than a
measurement (0.001 cm²): it is shown by `describe`, never used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from anodescope.errors import ReadError
from anodescope.formats.techniques import short_name
from anodescope.formats.textfile import decode, number

MAGIC = ("EC-LAB SETTING FILE", "BT-LAB SETTING FILE")
_WIDTH = 20
_DEFAULT_AREA = 0.001


@dataclass(frozen=True, slots=True)
class LinkedTechnique:
    """One technique of a settings file.

    Attributes
    ----------
    place : its number among the linked techniques, counted from 1.
    long, short : its name as the file prints it, and its short name ("" if not known).
    parameters : values as printed, one per sequence, by label.
    """

    place: int
    long: str
    short: str
    parameters: Mapping[str, tuple[str, ...]]

    @property
    def sequences(self) -> int:
        """Number of sequences (Ns)."""
        return max((len(values) for values in self.parameters.values()), default=0)

    def value(self, label: str, sequence: int = 0) -> float | None:
        """Return a parameter as a number, None where it is absent or no number."""
        values = self.parameters.get(label, ())
        if not 0 <= sequence < len(values):
            return None
        text = values[sequence]
        try:
            return number(text, "," if "," in text else ".")
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Loop:
    """Techniques `first` to `last` (counted from 1) run `runs` times."""

    place: int
    first: int
    last: int
    runs: int


@dataclass(frozen=True, slots=True)
class MpsSettings:
    """What a settings file says; `header` holds every ``key : value`` line as text."""

    path: Path
    techniques: tuple[LinkedTechnique, ...]
    device: str = ""
    filename: str = ""
    comments: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    electrode_area_cm2: float | None = None
    header: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def loops(self) -> tuple[Loop, ...]:
        """Return the loops over techniques, in file order; a goto forwards is left out."""
        found = []
        for technique in self.techniques:
            first, times = technique.value("goto Ne"), technique.value("nt times")
            if technique.short != "LOOP" or first is None or times is None:
                continue
            if 1 <= first < technique.place and times >= 0:
                last = technique.place - 1
                found.append(Loop(technique.place, int(first), last, int(times) + 1))
        return tuple(found)

    def describe(self) -> tuple[str, ...]:
        """Return what a person wants to know, as sentences."""
        names = [technique.short or technique.long for technique in self.techniques]
        said = [f"{len(names)} linked techniques: {', '.join(names)}."]
        for loop in self.loops():
            inner = ", ".join(names[loop.first - 1 : loop.last])
            span = f"{loop.first} to {loop.last}" if loop.last > loop.first else f"{loop.first}"
            verb = "s {} run" if loop.last > loop.first else " {} runs"
            said.append(f"Technique{verb.format(span)} {loop.runs} times ({inner}).")
        said += [f"Device: {self.device}."] if self.device else []
        said += [f"Limit: {limit}." for limit in self.limits]
        if self.electrode_area_cm2 is not None:
            usual = " (EC-Lab's default)" if self.electrode_area_cm2 == _DEFAULT_AREA else ""
            said.append(
                f"Electrode area in the settings: {self.electrode_area_cm2:g} cm²{usual}; it is "
                "not used unless you give it yourself."
            )
        said += [f"Comment: {comment}." for comment in self.comments if comment]
        return tuple(said)


def recognises(path: Path, head: bytes) -> bool:
    """Say whether `head` starts a settings file."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(tuple(magic.encode() for magic in MAGIC))


def read_mps(path: Path) -> MpsSettings:
    """Read one settings file.

    Raises
    ------
    ReadError
        when the file is no settings file or lists no technique.
    """
    text = decode(Path(path))
    lines = text.lines()
    if not lines[0].strip().startswith(MAGIC):
        found = repr(lines[0][:40])
        raise ReadError(text.path, expected=MAGIC[0], found=found, offset=1, place="line")
    begins = [k for k, line in enumerate(lines) if re.fullmatch(r"Technique : \d{1,6}\s*", line)]
    if not begins:
        raise ReadError(
            text.path, expected="a line 'Technique : 1'", found="none", offset=len(lines),
            place="line", hint="The file was cut off; save the settings again.",
        )  # fmt: skip
    warnings: list[str] = []
    ends = [*begins[1:], len(lines)]
    techniques = tuple(
        _technique(lines[begin:end], warnings) for begin, end in zip(begins, ends, strict=True)
    )
    header, listed = _header(lines[1 : begins[0]])
    claimed = header.get("Number of linked techniques", "")
    if claimed != str(len(techniques)):
        warnings.append(
            f"The file claims {claimed or 'no number of'} linked techniques; it holds "
            f"{len(techniques)}."
        )
    return MpsSettings(
        path=text.path,
        techniques=techniques,
        device=header.get("Device", ""),
        filename=header.get("Filename", ""),
        comments=tuple(listed["comments"]),
        limits=tuple(listed["limits"]),
        switches=tuple(listed["switches"]),
        electrode_area_cm2=_area(header.get("Electrode surface area", "")),
        header=header,
        warnings=tuple(warnings),
    )


def _technique(lines: list[str], warnings: list[str]) -> LinkedTechnique:
    """Read one technique: its number, its name, its table."""
    place = int(lines[0].split(":")[1])
    long = lines[1].strip() if len(lines) > 1 else ""
    parameters: dict[str, tuple[str, ...]] = {}
    for line in lines[2:]:
        if not line.strip():
            continue
        label, values = _row(line)
        if label in parameters:
            warnings.append(f"Technique {place} ({long}) has {label!r} twice; the last counts.")
        parameters[label] = values
    short = short_name(long)
    if not short:
        warnings.append(f"Technique {place} has the name {long!r}, which is not known.")
    return LinkedTechnique(place, long, short, parameters)


def _row(line: str) -> tuple[str, tuple[str, ...]]:
    """Split a row of columns of 20 characters; an overlong label moves the columns to its right."""
    begin = _WIDTH
    if len(line) > _WIDTH and line[_WIDTH - 1] != " ":
        gap = re.search(r"\s{2,}|$", line[_WIDTH:])
        begin = _WIDTH + (gap.end() if gap else 0)
    cells = [line[k : k + _WIDTH].strip() for k in range(begin, len(line.rstrip()), _WIDTH)]
    return line[:begin].strip(), tuple(cells)


def _header(lines: list[str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Sort the header's lines into keys with values, comments, limits and switches."""
    header: dict[str, str] = {}
    listed: dict[str, list[str]] = {"comments": [], "limits": [], "switches": []}
    for line in lines:
        key, colon, value = (part.strip() for part in line.partition(":"))
        if line.startswith("\t"):
            listed["limits"].append(line.strip())
        elif key == "Comments":
            listed["comments"].append(value)
        elif colon:
            header.setdefault(key, value)
            if key.endswith("ctrl range"):
                listed["limits"].append(f"{key} {value}")
        elif key:
            listed["switches"].append(key)
    return header, listed


def _area(text: str) -> float | None:
    """Return an area in cm² from ``0.001 cm²``, None in another unit."""
    match = re.fullmatch(r"([\d.,+\-eE]+)\s*cm.?", text)
    try:
        return number(match[1], "," if "," in match[1] else ".") if match else None
    except ValueError:
        return None
