"""Other choices for what the paper does not say: the same experiments with other half-cycles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from anodescope.inference.experiments import SLOW, Experiment, experiments, sodium_staircase
from anodescope.protocol import Protocol, protocols

# Half-cycles (s) beside those of `experiments`: 10 min to 2 h, and an hour for Na | NASICON | Na.
HALF_CYCLES, SODIUM_HALF_CYCLES = (600.0, 1800.0, 7200.0), (3600.0,)
# Rows that look at them; each tells their value in its sensitivity.
ROWS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"ccd50": ("O4.short_current",), "sodium": ("O20.critical_current",)}
)


@cache
def variants() -> Mapping[str, Experiment]:
    """Return the experiments with another assumption, by key, as "ccd50@600s".

    What stands before the "@" is the experiment that it is a variant of. No row needs them:
    where they were run, `observe` adds them to the sensitivity of the rows of `rows_of`. They
    have no sweeps: short circuits are told by voltage.
    """
    known = experiments()
    made = [_with(known["ccd50"], time, protocols.ccd(half_cycle=time, sweep=None))
            for time in HALF_CYCLES]  # fmt: skip
    made += [_with(known["sodium"], time, sodium_staircase(time)) for time in SODIUM_HALF_CYCLES]
    return MappingProxyType({one.key: one for one in made})


def rows_of(key: str) -> tuple[str, ...]:
    """Return the keys of the rows that a variant belongs to; none for what is no variant."""
    base, at, _ = key.partition("@")
    return ROWS.get(base, ()) if at else ()


def _with(one: Experiment, half_cycle: float, protocol: Protocol) -> Experiment:
    """Return a variant of an experiment; of its assumptions the half-cycle is another one."""
    text = f"half-cycles of {half_cycle / 60:g} min"
    kept = tuple(word for word in one.assumed if not word.startswith("half-cycles"))
    return replace(
        one,
        key=f"{one.key}@{half_cycle:g}s",
        protocol=protocol,
        says=f"{one.says} ({text})",
        assumed=(text, *kept),
        sampling=SLOW,
    )
