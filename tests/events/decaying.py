"""White noise for decays."""

from __future__ import annotations

import numpy as np


def noise(size=100, scale=1e-3, seed=0):
    return scale * np.random.default_rng(seed).standard_normal(size)
