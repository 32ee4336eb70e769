"""Time scales of the paper beside those of the cell, and what each belongs to.

Two kinds of numbers: times of the cell's laws (of the model), and times read off analysed
campaigns (seen). That a law has the time of a process does not show that it is that process.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import final

import numpy as np
from numpy.typing import NDArray

from anodescope.campaign import Campaign
from anodescope.cell import Cell, PowerLoss, ThresholdLoss
from anodescope.errors import AnodescopeError
from anodescope.inference.observations.observe import extractors
from anodescope.inference.observations.parts import Parts

NAN = float("nan")
# What an impedance of 7 MHz to 5 Hz in 35 s can tell of times (s): fastest, slowest, and between
# two sweeps.
FASTEST, SLOWEST, SWEEP = 2.3e-8, 3.2e-2, 35.0
HOUR = 3600.0


class Kind(Enum):
    """Where a time comes from; the value is the word that is printed."""

    model = "of the model"
    seen = "seen"


@final
@dataclass(frozen=True, slots=True)
class TimeScale:
    """One process and its time.

    Attributes
    ----------
    key, process : name; what the paper says happens.
    paper : its time, in the paper's words.
    attributed : what has that time in the cell, or what was looked at in a campaign.
    kind : whether it is of the model, or seen in a campaign.
    value, low, high : time (s); NaN where there is none.
    experiment : key of the experiment that shows it.
    note : what the number rests on, or why there is none.
    """

    key: str
    process: str
    paper: str
    attributed: str
    kind: Kind
    value: float
    low: float
    high: float
    experiment: str
    note: str


MECHANICS = ("mechanics", "motion of the liquid, above a critical current", "ms")
FICK = ("fick", "diffusion layer of a pulse of 1 s", "about 1 s")
SEPARATION = ("separation", "re-allocation of precipitated K", "2–5 s")
FIRST = ("first_scan", "merging of small voids; γ'_int gone", "within 35 s")
STRIPPED = ("realloy_strip", "slow re-alloying of K after stripping", "35 s–15 h")
PLATED = ("realloy_plate", "slow alloying of Na after plating", "35 s–15 h")


def time_scales(campaigns: Mapping[str, Campaign], cell: Cell | None = None) -> list[TimeScale]:
    """Return the table of time scales.

    Parameters
    ----------
    campaigns : analysed, by the key of their experiment (strip50, plate50, transient); without one
        its line says so.
    cell : calibrated, an alloy; None: the preset NaK50.
    """
    cell = cell or Cell.preset("NaK50")
    return [*_fast(cell, campaigns), *_seconds(cell, campaigns), *_slow(cell, campaigns)]


def _fast(cell: Cell, campaigns: Mapping[str, Campaign]) -> Iterator[TimeScale]:
    resistance = cell.kinetics.charge_transfer
    double = resistance * cell.capacitance.double_layer  # Ω·cm² times F/cm² is s
    note = "an arc of its own appears only where the store is empty; R grows with depletion"
    yield _of_model(MECHANICS, "R0·C_dl of an emptied face", double, "strip50", note)
    yield _of_model(MECHANICS, "law of motion", cell.motion.time if cell.motion else NAN, "strip50",
                    "" if cell.motion else "the calibrated cell has none")  # fmt: skip
    place, note = _last_of_stairs(campaigns)
    yield TimeScale(
        *MECHANICS, "second arc of the last sweep", Kind.seen, place, NAN, NAN, "strip50", note
    )


def _of_model(
    process: tuple[str, str, str], law: str, value: float, experiment: str, note: str = "",
    low: float = NAN, high: float = NAN,
) -> TimeScale:  # fmt: skip
    return TimeScale(*process, law, Kind.model, value, low, high, experiment, note)


def _last_of_stairs(campaigns: Mapping[str, Campaign]) -> tuple[float, str]:
    """Return τ of the second arc in the last complete sweep of the staircase (s), and a note."""
    if "strip50" not in campaigns:
        return NAN, "strip50 was not run"
    parts = Parts.of(campaigns["strip50"])
    whole = parts.stairs[parts.sweeps.complete[parts.stairs]]
    if not whole.size:
        return NAN, "no complete sweep in the staircase"
    place = float(parts.sweeps.second[whole[-1]])
    if math.isnan(place):
        return NAN, "no second arc in the last complete sweep"
    return 10.0**place, f"τ = 1/(2πf), of γ; frequencies reach {FASTEST:g} to {SLOWEST:g} s"


def _seconds(cell: Cell, campaigns: Mapping[str, Campaign]) -> Iterator[TimeScale]:
    if cell.layer is not None:
        tau = np.sort(cell.numbers().tau)
        middle = float(np.median(tau))
        spread = "median, least and most of the patches"
        yield _of_model(FICK, "δ²/2D of the layer", middle / 2, "transient", spread,
                        float(tau[0]) / 2, float(tau[-1]) / 2)  # fmt: skip
        slowest = 4.0 / math.pi**2
        yield _of_model(SEPARATION, "slowest mode of the layer, 4δ²/(π²D)", slowest * middle,
                        "pulse_5", f"{spread}; no phase separates in the cell",
                        slowest * float(tau[0]), slowest * float(tau[-1]))  # fmt: skip
    ohms = cell.kinetics.charge_transfer + cell.kinetics.sheet
    yield _of_model(SEPARATION, "(R0 + r0)·C_ps of the store, fresh",
                    ohms * cell.capacitance.pseudo, "transient")  # fmt: skip
    yield _plateau(campaigns)


def _plateau(campaigns: Mapping[str, Campaign]) -> TimeScale:
    value, note = NAN, "transient was not run"
    extract = extractors().get("O12.plateau")
    if "transient" in campaigns and extract is not None:
        try:
            found = extract(campaigns)
            value, note = found.value, found.message
        except AnodescopeError as error:
            note = str(error)
    says = "voltage at rest after a pulse, to 5 % of its fall"
    return TimeScale(*SEPARATION, says, Kind.seen, value, NAN, NAN, "transient", note)


def _slow(cell: Cell, campaigns: Mapping[str, Campaign]) -> Iterator[TimeScale]:
    yield _half(FIRST, "strip50", campaigns, early=True)
    if isinstance(cell.loss, PowerLoss | ThresholdLoss):
        yield _of_model(STRIPPED, "τ_φ, lost contact heals", cell.loss.heal, "strip50",
                        "which process heals it is not told")  # fmt: skip
    yield _half(STRIPPED, "strip50", campaigns)
    yield _of_model(PLATED, "τ_m, deposited Na dissolves", cell.deposit.time, "plate50")
    yield _half(PLATED, "plate50", campaigns)


def _half(
    process: tuple[str, str, str], key: str, campaigns: Mapping[str, Campaign], *,
    early: bool = False,
) -> TimeScale:  # fmt: skip
    says = "area of γ_int at rest is half-way from its first sweep to its last"
    if early:
        says = "area of γ_int is half-way from the last sweep under current to its end at rest"
    value, low, high, note = NAN, NAN, NAN, f"{key} was not run"
    if key in campaigns:
        parts = Parts.of(campaigns[key])
        time, area = _at_rest(parts, early=early)
        value, low, high, note = half_way(time, area)
    return TimeScale(*process, says, Kind.seen, value, low, high, key, note)


def _at_rest(parts: Parts, *, early: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times since the current ended (s) and areas of γ_int; the last under current too."""
    sweeps, rest = parts.sweeps, parts.rest
    time = 0.5 * (sweeps.start[rest] + sweeps.end[rest]) - parts.end
    area = sweeps.interface[rest]
    if early and parts.stairs.size:
        before = sweeps.interface[parts.stairs[-1]]
        return np.concatenate(([0.0], time)), np.concatenate(([before], area))
    return time, area


def half_way(
    time: NDArray[np.float64], area: NDArray[np.float64]
) -> tuple[float, float, float, str]:
    """Return when a curve is half-way from its first value to its last, and between what times.

    Parameters
    ----------
    time : (s), rising, shape (N,). area : at these times, shape (N,).

    Returns
    -------
    value, low, high : the time, and those of the samples beside it (s); NaN where nothing changes
        by more than 1 %, or where there are fewer than 3 samples.
    note : first, last, and which way.
    """
    if time.size < 3:
        return NAN, NAN, NAN, "fewer than three sweeps"
    first, last = float(area[0]), float(area[-1])
    note = f"{first:.3g} to {last:.3g} Ω·cm²"
    if abs(last - first) < 0.01 * max(abs(first), abs(last)):
        return NAN, NAN, NAN, f"no change: {note}"
    share = (area - first) / (last - first)
    k = int(np.argmax(share >= 0.5))
    low, high = float(time[k - 1]), float(time[k])
    part = (0.5 - share[k - 1]) / (share[k] - share[k - 1])
    return low + float(part) * (high - low), low, high, note
