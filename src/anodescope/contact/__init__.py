"""The contact room: which parts of an interface touch, and what that costs.

One verb, `constriction`, turns a contact map into a complex impedance. `maps` draws contact maps,
`wetting` presses a liquid against a rough wall, `evolving` lets voids grow, merge and heal, and
`limits` holds the cases that have a formula.
"""

from __future__ import annotations

from anodescope.contact.constriction import constriction
from anodescope.contact.coupling import coupling
from anodescope.contact.spots import spots

__all__ = ["constriction", "coupling", "spots"]
