"""The protocol room: what a cell was put through, as steps, as a table, and found in a record.

One verb, `recognise`, and one noun, `Protocol`; `library` holds the paper's protocols, which users
know as `anodescope.protocols`.
"""

from __future__ import annotations

from anodescope.protocol import library as protocols
from anodescope.protocol.compare import contradictions
from anodescope.protocol.procedures import procedures
from anodescope.protocol.protocol import KINDS, Block, Protocol
from anodescope.protocol.recognise import recognise
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
)
from anodescope.protocol.walk import Visit, number_of

__all__ = [
    "KINDS",
    "Block",
    "Ends",
    "Hold",
    "Limits",
    "PotentialHold",
    "Protocol",
    "Ramp",
    "Repeat",
    "Rest",
    "Step",
    "Sweep",
    "Visit",
    "contradictions",
    "number_of",
    "procedures",
    "protocols",
    "recognise",
]
