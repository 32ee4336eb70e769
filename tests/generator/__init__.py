"""A generator of EC-Lab-like campaigns with known truth: a test helper, not a model of the cell."""

from __future__ import annotations

from tests.generator import paper, perturb
from tests.generator.record import Made

__all__ = ["Made", "paper", "perturb"]
