"""Protocols as TOML text: a small writer for exactly what a protocol holds, and its reader.

A file holds ``unit``, perhaps ``note``, and one ``[[block]]`` per block: ``kind``, ``count``,
``steps`` and, for a recognised protocol, ``confidence``, ``samples``, ``resolution``, ``note``,
``boundaries`` and ``ends`` (of phases before a pause). The rows of sweeps are not written.
A step is an inline table whose first key names it::

    {hold = 0.05, duration = 5.0}                    # current, perhaps voltage_limit
    {ramp = 1.0, start = 0.0, duration = 60.0}       # to 1.0, from `start`
    {rest = 3600.0}                                  # s
    {potential = 3.0, duration = 60.0}               # V
    {sweep = 35.0, current = 0.05, f_max = 7e6}      # s; as in `Sweep`
    {repeat = 100000, steps = [...]}

All but a repetition may have ``until = {charge = 4.0, short = true, ends = "protocol"}``, with the
fields of `Limits`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from anodescope.errors import SettingsError
from anodescope.protocol.steps import (
    Ends,
    Hold,
    Limits,
    PotentialHold,
    Ramp,
    Repeat,
    Rest,
    Step,
    Sweep,
    settings,
)

# Key that names a step in a file: the class, and the field that the key holds.
_NAMED: Mapping[str, tuple[Callable[..., Step], str]] = MappingProxyType(
    {
        "rest": (Rest, "duration"),
        "hold": (Hold, "current"),
        "ramp": (Ramp, "stop"),
        "potential": (PotentialHold, "voltage"),
        "sweep": (Sweep, "duration"),
        "repeat": (Repeat, "count"),
    }
)
_NAMES = {cls: (name, field) for name, (cls, field) in _NAMED.items()}
_OPTIONAL = MappingProxyType(
    {
        "count": int,
        "confidence": float,
        "samples": int,
        "resolution": float,
        "note": str,
        "boundaries": list,
        "ends": list,
    }
)
_BLOCK = ("kind", "steps", *_OPTIONAL)
_ESCAPES = str.maketrans(
    {'"': '\\"', "\\": "\\\\", **{chr(k): f"\\u{k:04x}" for k in (*range(32), 127)}}
)


def write(unit: str, note: str, blocks: Sequence[Mapping[str, Any]]) -> str:
    """Return the TOML text; each block is a mapping with the keys of the module's docstring."""
    lines = [f"unit = {_value(unit)}"]
    if note:
        lines.append(f"note = {_value(note)}")
    for block in blocks:
        lines += ["", "[[block]]"]
        for key in _BLOCK:
            if key == "steps":
                lines += ["steps = [", *(f"  {_step(step)}," for step in block["steps"]), "]"]
            elif key in block:
                lines.append(f"{key} = {_value(block[key])}")
    return "\n".join(lines) + "\n"


def read(text: str) -> tuple[str, str, list[dict[str, Any]]]:
    """Return unit, note and blocks (keyword arguments of a `Block`) of a TOML text.

    Raises
    ------
    SettingsError
        with one sentence that names the block, what was expected and what was found.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"Protocol: this cannot be read as TOML: {error}.") from error
    except RecursionError as error:
        raise SettingsError("Protocol: the tables are nested too deeply to be read.") from error
    _known("Protocol", tables, ("unit", "note", "block"))
    for key in ("unit", "note"):
        if not isinstance(tables.get(key, ""), str):
            raise SettingsError(f"Protocol, {key}: expected text, found {tables[key]!r}.")
    blocks = tables.get("block", [])
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SettingsError("Protocol, block: expected tables written as [[block]].")
    read_blocks = [_read_block(f"Block {k + 1}", block) for k, block in enumerate(blocks)]
    return tables.get("unit", "mA/cm²"), tables.get("note", ""), read_blocks


def _read_block(where: str, table: Mapping[str, Any]) -> dict[str, Any]:
    _known(where, table, _BLOCK)
    if not isinstance(table.get("kind"), str):
        raise SettingsError(f"{where}, kind: expected text, found {table.get('kind')!r}.")
    block: dict[str, Any] = {
        "kind": table["kind"],
        "steps": _read_steps(where, table.get("steps", [])),
    }
    for key, kind in _OPTIONAL.items():
        if key not in table:
            continue
        value = table[key]
        accepted = (int, float) if kind is float else kind
        if not isinstance(value, accepted) or (isinstance(value, bool)):
            raise SettingsError(f"{where}, {key}: expected {kind.__name__}, found {value!r}.")
        block[key] = value
    for key in ("boundaries", "ends"):
        for edge in block.get(key, ()):
            if not isinstance(edge, int | float) or isinstance(edge, bool):
                raise SettingsError(f"{where}, {key}: expected numbers, found {edge!r}.")
    return block


def _read_steps(where: str, tables: object) -> tuple[Step, ...]:
    if not isinstance(tables, list):
        raise SettingsError(f"{where}, steps: expected a list of tables, found {tables!r}.")
    return tuple(_read_step(f"{where}, step {k + 1}", table) for k, table in enumerate(tables))


def _read_step(where: str, table: object) -> Step:
    names = [key for key in _NAMED if isinstance(table, dict) and key in table]
    if not isinstance(table, dict) or len(names) != 1:
        raise SettingsError(
            f"{where}: expected a table with one of {', '.join(_NAMED)}, found {table!r}."
        )
    cls, field = _NAMED[names[0]]
    fields = {(field if key == names[0] else key): value for key, value in table.items()}
    if len(fields) != len(table):
        raise SettingsError(f"{where}: {field!r} is given twice.")
    if "until" in fields:
        fields["until"] = _read_limits(f"{where}, until", fields["until"])
    if cls is Repeat:
        fields["steps"] = _read_steps(where, fields.get("steps", []))
    try:
        return cls(**fields)
    except TypeError as error:
        found = ", ".join(map(repr, table))
        raise SettingsError(f"{where}: a {names[0]} cannot be made of the keys {found}.") from error


def _read_limits(where: str, table: object) -> Limits:
    if not isinstance(table, dict):
        raise SettingsError(f"{where}: expected a table of limits, found {table!r}.")
    _known(where, table, tuple(Limits.__dataclass_fields__))
    fields = dict(table)
    if "ends" in fields:
        words = {end.value: end for end in Ends}
        if not isinstance(fields["ends"], str) or fields["ends"] not in words:
            raise SettingsError(
                f"{where}, ends: expected one of {', '.join(words)}, found {fields['ends']!r}."
            )
        fields["ends"] = words[fields["ends"]]
    return Limits(**fields)


def _known(where: str, table: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in table:
        if key not in known:
            raise SettingsError(f"{where}: there is no key {key!r}; known: {', '.join(known)}.")


def _step(step: Step) -> str:
    name, field = _NAMES[type(step)]
    if isinstance(step, Repeat):
        inner = ", ".join(map(_step, step.steps))
        return f"{{{name} = {step.count}, steps = [{inner}]}}"
    pairs = settings(step)
    first = f"{name} = {_value(pairs.pop(field))}"
    return "{" + ", ".join([first, *(f"{key} = {_value(v)}" for key, v in pairs.items())]) + "}"


def _value(value: object) -> str:
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    if isinstance(value, Limits):
        # what is as in Limits() stays unsaid
        said = {k: v for k, v in settings(value).items() if v != getattr(Limits(), k)}
        return f"{{{', '.join(f'{key} = {_value(v)}' for key, v in said.items())}}}"
    if isinstance(value, Ends):
        return _value(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)
