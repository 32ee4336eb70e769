"""Where a recognised protocol and what was asked for disagree, as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from anodescope.errors import SettingsError
from anodescope.protocol.describe import by_level
from anodescope.protocol.protocol import Block, Protocol

# Relative differences up to these are no contradiction: an instrument's accuracy, and a level that
# is as short as a few samples.
_CURRENT, _TIME = 0.02, 0.1

_TIMES = ("half_cycle", "hold", "sweep", "on", "rest", "every", "duration")
_CURRENTS = ("current", "start", "stop", "step", "currents")

# What a limit may end before its time: shorter, or fewer, is then no contradiction.
_WORDS: Mapping[str, str] = {
    "half_cycle": "half-cycle",
    "on": "pulse",
    "every": "time from sweep to sweep",
}

# Units in which EC-Lab states a current.
_AMPERES = {"A": 1.0, "mA": 1e-3, "µA": 1e-6, "μA": 1e-6, "uA": 1e-6, "nA": 1e-9, "pA": 1e-12}


def contradictions(
    protocol: Protocol, asked: Protocol | Sequence[Mapping[str, Any]], *, area: float | None = None
) -> list[str]:
    """Compare a recognised protocol with what was asked for.

    Parameters
    ----------
    protocol : recognised, in A.
    asked : a designed Protocol (from TOML, or of `library`), or the provenance list of a campaign
        (``campaign.attrs["provenance"]``), whose instrument settings state currents.
    area : (cm²) of the electrode under study, needed where one of both is in mA/cm².

    Returns
    -------
    One sentence per contradiction in kinds, counts, currents (2 %) and times (10 %, or what the
    sampling resolves); none where
    everything agrees, or where the settings state nothing. A test that a limit ended early is
    shorter than asked for: that is said too, as it decides what the record can show.

    Raises
    ------
    SettingsError
        when the units differ and no area is given.
    """
    if not isinstance(asked, Protocol):
        return _against_settings(protocol, asked)
    if protocol.unit != asked.unit:
        if area is None:
            raise SettingsError(
                f"Protocols in {protocol.unit} and {asked.unit} cannot be compared without an area."
            )
        asked = asked.absolute(area) if protocol.unit == "A" else asked.per_area(area)
    found: list[str] = []
    for number, (is_, was) in enumerate(zip_longest(protocol.blocks, asked.blocks), 1):
        where = f"Block {number}"
        if is_ is None:
            found.append(f"{where}: {_named(was)} was asked for, and the record ends before it.")
        elif was is None:
            found.append(f"{where}: the record holds {_named(is_)} that was not asked for.")
        elif is_.kind != was.kind:
            found.append(f"{where}: {_named(was)} was asked for, the record holds {_named(is_)}.")
        else:
            found += _between_blocks(f"{where} ({_named(is_)})", is_, was, protocol.unit)
    return found


def _named(block: Block) -> str:
    return block.kind.replace("_", " ")


def _between_blocks(where: str, is_: Block, was: Block, unit: str) -> list[str]:
    found = []
    if is_.count != was.count:
        found.append(f"{where}: {was.count} levels were asked for, the record holds {is_.count}.")
    here, there = is_.parameters, was.parameters
    for name in (*_CURRENTS, *_TIMES):
        if name not in here or name not in there:
            continue
        one, other = np.atleast_1d(here[name]), np.atleast_1d(there[name])
        common = min(one.size, other.size)
        limit, units, least = (
            (_CURRENT, unit, 0.0) if name in _CURRENTS else (_TIME, "s", is_.resolution)
        )
        allowed = np.maximum(limit * np.abs(other[:common]), least)
        apart = np.abs(one[:common] - other[:common]) > allowed
        if name in ("stop", "duration") and is_.count != was.count:
            continue  # it follows from the count
        if apart.any():
            k = int(np.flatnonzero(apart)[0])
            word = _WORDS.get(name, name)
            found.append(
                f"{where}: a {word} of {other[k]:.4g} {units} was asked for, "
                f"the record holds {one[k]:.4g} {units}."
            )
    return found


def _against_settings(protocol: Protocol, provenance: Sequence[Mapping[str, Any]]) -> list[str]:
    """Compare levels with the currents that the instrument's settings state, either way."""
    if protocol.unit != "A":
        raise SettingsError("Instrument settings are in A: compare a protocol in A with them.")
    asked = stated_currents(provenance)
    if not asked.size:
        return []
    none = np.empty(0)
    current = np.concatenate([none, *(by_level(b.phases())[1] for b in protocol.blocks)])
    held = np.abs(current[np.isfinite(current) & (current != 0)])
    found = [
        f"The instrument's settings ask for {value:.4g} A, and no level of the record holds it."
        for value in asked
        if not held.size or np.min(np.abs(held - value)) > _CURRENT * value
    ]
    for value in np.unique(held.round(12)):
        if np.min(np.abs(asked - value)) > _CURRENT * value:
            found.append(
                f"The record holds {value:.4g} A, which the instrument's settings do not state."
            )
            break
    return found


def stated_currents(provenance: Sequence[Mapping[str, Any]]) -> np.ndarray[Any, Any]:
    """Return the magnitudes of current (A) that EC-Lab settings state, each once, without zero.

    Parameters
    ----------
    provenance : entries with ``parameters``, as a campaign's attributes hold them.
    """
    stated = set()
    for entry in provenance:
        sequences = dict(entry.get("parameters") or {}).get("parameters", [])
        for sequence in sequences if isinstance(sequences, list) else []:
            value, unit = sequence.get("Is"), sequence.get("unit Is")
            number = isinstance(value, int | float) and np.isfinite(value) and value != 0
            if number and unit in _AMPERES:
                stated.add(float(f"{abs(value) * _AMPERES[unit]:.9g}"))
    return np.array(sorted(stated))
