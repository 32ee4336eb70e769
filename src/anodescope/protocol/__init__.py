"""The protocol room: what a cell was put through, as steps, as a table, and found in a record.

One verb, `recognise`, and one noun, `Protocol`; `library` holds the paper's protocols, which users
know as `anodescope.protocols`.
"""

from __future__ import annotations

from anodescope.protocol import library as protocols
from anodescope.protocol.compare import contradictions
from anodescope.protocol.protocol import KINDS, Block, Protocol
from anodescope.protocol.recognise import recognise
from anodescope.protocol.steps import Hold, PotentialHold, Repeat, Rest, Step, Sweep

__all__ = [
    "KINDS",
    "Block",
    "Hold",
    "PotentialHold",
    "Protocol",
    "Repeat",
    "Rest",
    "Step",
    "Sweep",
    "contradictions",
    "protocols",
    "recognise",
]
