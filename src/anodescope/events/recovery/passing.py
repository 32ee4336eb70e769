"""Bounds of the time at which a share of a relaxation is left, by the profile likelihood.

That time is held, and everything else fitted anew: for one exponential and a stretched one it fixes
τ for each β; for two exponentials it is a linear condition on the amplitudes, c·A = 0 with
c = exp(−t/τ) − share, which raises the sum of squares by (c·Â)²/(cᵀM⁻¹c).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from anodescope.events.finding import Floats
from anodescope.events.recovery.decays import BETAS, Data, Fit, Pairs, decays, span, squares

_GRID = 41
_FINE = 17
_ZOOMS = 4
_HALVINGS = 16
_FARTHEST = 1e3  # lengths of the record: what takes longer is not bound


def passing_bounds(
    data: Data,
    fit: Fit,
    amplitude: Floats,
    value: float,
    share: float,
    limit: float,
    box: tuple[Floats, Floats],
) -> tuple[float, float]:
    """Return the 95 % bounds (s since the switch) of the time at which `share` is left.

    Parameters
    ----------
    data, fit, amplitude : what was fitted.
    value : that time by the fit (s since the switch); NaN gives no bounds.
    share : of what is there at the first sample.
    limit : largest sum of squares within the bounds.
    box : bounds of the fit's τ (s), within which the search stays.

    Returns
    -------
    low, high : 0 and infinity where the record sets none.
    """
    gap = float(np.exp(span(data)[0]))
    if not value > data.first:
        return 0.0, np.inf
    best = value - data.first
    lost = _of_two(data, fit, amplitude, share, best, box) if fit.model == "two" else None
    if lost is None:
        lost = _of_one(data, fit, share)
    found = []
    for end, open_end in (
        (gap * min(1.0, -np.log(share)), 0.0),
        (_FARTHEST * data.since[-1], np.inf),
    ):
        inside, outside = float(np.log(best)), float(np.log(end))
        if lost(end) <= limit:
            found.append(open_end)
            continue
        for _ in range(_HALVINGS):
            middle = 0.5 * (inside + outside)
            if lost(float(np.exp(middle))) <= limit:
                inside = middle
            else:
                outside = middle
        found.append(data.first + float(np.exp(outside)))
    return found[0], found[1]


def _of_one(data: Data, fit: Fit, share: float) -> Callable[[float], float]:
    """Least sum of squares with a share left at a time since the first sample, over β."""
    size = -np.log(share)

    def lost(since: float) -> float:
        if fit.model == "one":
            return float(squares(data, np.array([np.log(since / size)]), 1.0, 0.0)[0])
        (low, high), centre = BETAS, fit.beta
        half, best = high - low, np.inf
        for _ in range(_ZOOMS):
            betas = np.linspace(max(centre - half, low), min(centre + half, high), _FINE)
            passed = (since + data.first) ** betas - data.first**betas
            tried = squares(data, np.log(passed / size) / betas, betas, 0.0)
            at = int(np.argmin(tried))
            best, centre = min(best, float(tried[at])), float(betas[at])
            half = 2.0 * float(betas[1] - betas[0])
        return best

    return lost


def _of_two(
    data: Data, fit: Fit, amplitude: Floats, share: float, best: float, box: tuple[Floats, Floats]
) -> Callable[[float], float]:
    """Least sum of squares with a share left at a time since the first sample, over both τ."""
    ends = span(data)
    logs = []
    for k in range(2):
        with np.errstate(divide="ignore"):
            low, high = np.clip(np.log([box[0][k], box[1][k]]), *ends)
        logs.append(np.sort(np.append(np.linspace(low, high, _GRID), fit.logs[k])))
    pairs = Pairs.of(data, logs[0], logs[1])
    least = pairs.squares(0.0)
    rates = np.exp(-logs[0])[:, None], np.exp(-logs[1])[None]
    left = float((amplitude @ decays(data, fit, np.array([best])))[0])
    # amplitudes of two signs may overshoot: what is left last then has the other sign
    signed = share if left * amplitude.sum() >= 0.0 else -share

    def lost(since: float) -> float:
        fast, slow = (np.exp(-since * rate) - signed for rate in rates)
        return float((least + pairs.held(fast, slow)).min())

    return lost
