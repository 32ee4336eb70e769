"""Fig. 4: trains of pulses until the cut-off, a pulse magnified, capacity against rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from anodescope.errors import SchemaError
from anodescope.report.amounts import Finding, findings
from anodescope.report.blocks import phases
from anodescope.report.charge import CAPACITY, capacity_block, on_charge
from anodescope.report.paper.content import Mark
from anodescope.report.paper.tools import CHARGE, PER_MAH, draw_marks, note, series, size, sketchy
from anodescope.report.style import (
    BLUE,
    DOUBLE,
    GREY,
    INK,
    THIN,
    VERMILLION,
    letter,
    new_figure,
    place,
    shades,
    styled,
)
from anodescope.report.view import CampaignLike, Floats, specimen_line

TRAIN = "pulse_"  # before the rest in seconds
LEFT, TOP, TALL = 1.35, 1.6, 5.2  # cm
LIMIT = 3.0  # V, drawn as a line where the findings name it
FLOWS = 0.5  # of the largest current: what is less is rest
NO_REST = 0.03  # s: where a train without rest stands on the logarithmic axis
HIGH = {"slow50": "0.05", "hold_0.25": "0.25"}  # steady currents (mA/cm²) drawn beside the trains


@styled
def fig_4(campaigns: Mapping[str, CampaignLike], published: Sequence[Mark] = ()) -> Figure:
    """Draw the trains of pulses (``pulse_0`` to ``pulse_10``), a pulse of ``transient``, capacity.

    Parameters
    ----------
    campaigns : trains, and where they were run ``transient``, ``hold_0.25``, ``slow50``.
    published : charge up to the cut-off (mAh/cm²) by rest (s); lines hold at every rest.

    Raises
    ------
    SchemaError
        where there is no train of pulses.
    """
    trains = {float(key[len(TRAIN) :]): one for key, one in campaigns.items()
              if key.startswith(TRAIN)}  # fmt: skip
    trains = {rest: one for rest, one in sorted(trains.items()) if capacity_block(one) is not None}
    if not trains:
        raise SchemaError("Nothing to draw: no train of pulses was recognised.")
    figure = new_figure(DOUBLE, TOP + TALL + 1.0)
    _trains(place(figure, LEFT, TOP, 5.0, TALL), figure, trains)
    transient = campaigns.get("transient")
    if transient is not None and capacity_block(transient) is not None:
        boxes = (TOP, 2.1), (TOP + 3.05, TALL - 3.05)
        upper, lower = (place(figure, 7.95, top, 3.3, high) for top, high in boxes)
        _magnified(upper, lower, transient)
        letter(figure, upper, "b", 1.2, 0.25)
    steady = {HIGH[key]: one for key, one in campaigns.items() if key in HIGH}
    last = place(figure, 12.7, TOP, DOUBLE - 12.7 - 0.25, TALL)
    _capacity(last, trains, steady, published)
    letter(figure, last, "c", 1.2, 0.25)
    note(figure, LEFT, 0.1, specimen_line(next(iter(trains.values())), 80))
    return figure


def _name(rest: float) -> str:
    return f"{rest:g}{THIN}s" if rest else "no rest"


def _trains(axes: Axes, figure: Figure, trains: Mapping[float, CampaignLike]) -> None:
    """Draw |V| at the end of every pulse over the charge."""
    for (rest, campaign), colour in zip(trains.items(), shades(len(trains)), strict=True):
        charge, volts = loaded(campaign)
        sketchy(axes, charge, volts, color=colour, lw=0.9, label=_name(rest))
    axes.axhline(LIMIT, color=GREY, lw=0.6, ls=(0, (4, 2)), zorder=0)
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1.07 * LIMIT)
    axes.set_xlabel(f"Charge while current flowed ({CHARGE})")
    axes.set_ylabel("|Voltage| at the end of a pulse (V)")
    axes.legend(title="rest after each pulse", title_fontsize=6, loc="lower left", ncols=3,
                bbox_to_anchor=(0, 1.01), columnspacing=1.0, alignment="left")  # fmt: skip
    letter(figure, axes, "a", LEFT - 0.15, 0.25)


def loaded(campaign: CampaignLike) -> tuple[Floats, Floats]:
    """Return charge (mAh/cm²) and |V| (V) of the last sample of every pulse.

    A train without rest is one pulse: then every sample counts.
    """
    block, every = capacity_block(campaign), phases(campaign)
    time, volts = series(campaign)
    amperes = series(campaign, "current")[1]
    if block is None or every is None or len(amperes) != len(time):
        return np.zeros(0), np.zeros(0)
    inside = (time >= block.start) & (time <= block.end) & np.isfinite(volts)
    time, volts, amperes = time[inside], volts[inside], np.abs(amperes[inside])
    charge = on_charge(every, block, time)[0]
    # The sample at which a pulse ends still carries its current.
    flows = amperes > FLOWS * amperes.max(initial=0.0)
    if not flows.all():
        flows &= ~np.append(flows[1:], False)
    return charge[flows] * PER_MAH / size(campaign), np.abs(volts[flows])


def _magnified(upper: Axes, lower: Axes, campaign: CampaignLike) -> None:
    """Draw the last whole pulse and its rest: above the pulse, below the voltage at rest."""
    every, block = phases(campaign), capacity_block(campaign)
    if every is None or block is None:
        return
    rows = every.of(block.number)
    pulses = rows[~every.resting[rows]]
    whole = [k for k in pulses if k + 1 < len(every.start) and every.resting[k + 1]]
    if not whole:
        return
    on, off, end = every.start[whole[-1]], every.end[whole[-1]], every.end[whole[-1] + 1]
    time, volts = series(campaign)
    here = (time >= on - 2) & (time <= end)
    upper.plot(time[here] - on, volts[here], color=INK, lw=0.9)
    upper.set_xlabel("Time since the pulse began (s)", labelpad=0.5)
    upper.set_ylabel("Voltage (V)")
    upper.text(0.97, 0.95, f"pulse {len(whole)}", transform=upper.transAxes, ha="right", va="top",
               fontsize=6, color=GREY)  # fmt: skip
    # The sample at which the current stops still carries it.
    rest = (time > off + 1e-6) & (time <= end)
    lower.plot(time[rest] - off, 1e3 * volts[rest], color=BLUE, lw=1.0)
    lower.set_xscale("log")
    lower.xaxis.set_minor_locator(NullLocator())
    lower.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    lower.set_xlabel("Time at rest (s)")
    lower.set_ylabel("at rest (mV)")


def _capacity(
    axes: Axes,
    trains: Mapping[float, CampaignLike],
    steady: Mapping[str, CampaignLike],
    published: Sequence[Mark],
) -> None:
    """Draw the charge up to the cut-off over the rest, computed and published."""
    x = np.array([rest or NO_REST for rest in trains])
    found = [capacity_of(one) for one in trains.values()]
    y = np.array([np.nan if one is None else value(one) for one in found])
    bound = np.array([one is not None and one.censored for one in found])
    axes.plot(x, y, "-", color=BLUE, lw=0.7, alpha=0.5)
    axes.plot(x[~bound], y[~bound], "o", ms=4, color=BLUE, mew=0, label="computed")
    if bound.any():
        axes.plot(x[bound], y[bound], "^", ms=5, color=BLUE, mfc="white", label="at least")
    at = np.array([mark.x or NO_REST for mark in published])
    draw_marks(axes, published, at=at * 1.13)
    for mark in published:
        if mark.kind == "line":
            axes.annotate(
                mark.label or "theoretical", (NO_REST * 0.75, mark.value), xytext=(0, -3),
                textcoords="offset points", va="top", fontsize=6, color=GREY,
            )  # fmt: skip
    for name, one in steady.items():
        _steady(axes, name, capacity_of(one))
    axes.set_xscale("log")
    axes.set_xlim(NO_REST * 0.7, 16)
    axes.set_ylim(0, 1.04 * axes.get_ylim()[1])
    axes.xaxis.set_major_locator(FixedLocator(x.tolist()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda v, _: "0" if abs(v / NO_REST - 1) < 1e-6 else f"{v:g}")
    )
    axes.set_xlabel("Rest after each pulse (s)")
    axes.set_ylabel(f"Critical stripping capacity ({CHARGE})")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncols=2, columnspacing=1.0)


def _steady(axes: Axes, name: str, found: Finding | None) -> None:
    """Draw the capacity at a steady current as a short line at the right, with its name."""
    if found is None or not np.isfinite(value(found)):
        return
    told = "≥ " if found.censored else ""
    axes.plot([0.93, 1.0], [value(found)] * 2, color=VERMILLION if found.censored else INK, lw=1.0,
              transform=axes.get_yaxis_transform())  # fmt: skip
    axes.annotate(
        f"{told}{value(found):.3g} at a steady {name}", (0.92, value(found)),
        xycoords=axes.get_yaxis_transform(), ha="right", va="center", fontsize=5.5, color=GREY,
    )  # fmt: skip


def capacity_of(campaign: CampaignLike) -> Finding | None:
    """Return the critical capacity by voltage that the findings hold, if any, per area in C."""
    every = [one for one in findings(campaign, CAPACITY) if one.basis == "voltage"]
    found = [one for one in every if one.drawable]
    if not found:
        return None
    area = size(campaign)
    one = max(found, key=lambda f: f.value if np.isfinite(f.value) else f.low)
    values = {name: getattr(one, name) for name in Finding.__slots__}
    values |= {name: values[name] / area for name in ("value", "low", "high")}
    return Finding(**values)


def value(found: Finding) -> float:
    """Return a charge per area as drawn (mAh/cm²): the value, or the bound where there is none."""
    known = found.value if np.isfinite(found.value) else found.low
    return known * PER_MAH
