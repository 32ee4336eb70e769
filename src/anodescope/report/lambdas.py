"""How λ was chosen: the score and the L-curve of chosen sweeps, and the γ(τ) that came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anodescope.errors import Outcome, SchemaError
from anodescope.report.axes import decade_ticks
from anodescope.report.curves import HALO, draw_gamma, key_over
from anodescope.report.spectra import as_sweeps
from anodescope.report.style import (
    DOUBLE,
    GREY,
    PALE,
    letter,
    new_figure,
    place,
    shades,
    styled,
)
from anodescope.report.view import CampaignLike, Floats, required, stored

NAMED = 8  # powers of ten of λ that are written along the L-curve, at most
APART = 16  # points between two of them
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
TALL = 100.0  # how far above the largest of the lowest scores the axis reaches
SCORES = {
    "gcv": ("Score of GCV (Ω²)", "generalised cross-validation (lowest)"),
    "l_curve": ("Curvature of the L-curve", "the corner of the L-curve (highest curvature)"),
    "re_im": ("Score of re–im CV (Ω²)", "re–im cross-validation (lowest)"),
}
ORDERS = {0: "∫ γ² d ln τ (Ω²)", 1: "∫ (dγ/d ln τ)² d ln τ (Ω²)",
          2: "∫ (d²γ/d(ln τ)²)² d ln τ (Ω²)"}  # fmt: skip


def _setting(campaign: CampaignLike, name: str) -> Any:
    parameters = campaign["drt"].attrs.get("parameters") if "drt" in campaign else None
    return parameters.get(name) if isinstance(parameters, Mapping) else None


def has_lambdas(campaign: CampaignLike) -> bool:
    """Say whether some λ was chosen from a curve that was kept."""
    tried = stored(campaign, "drt", "trial_misfit")
    return tried is not None and bool(np.isfinite(tried).any())


def lambda_sweeps(campaign: CampaignLike, sweeps: Sequence[int] | None = None) -> list[int]:
    """Return those sweeps (chosen ones for None) that have a curve.

    Raises
    ------
    SchemaError
        where none has.
    """
    tried = required(campaign, "drt", "trial_misfit")
    found = [row for row in as_sweeps(campaign, sweeps) if np.isfinite(tried[row]).any()]
    if not found:
        raise SchemaError("Nothing to draw: for none of these sweeps was a λ chosen.")
    return found


def _sure(campaign: CampaignLike, row: int) -> bool:
    return str(required(campaign, "drt", "lam_outcome")[row]) == Outcome.determined.name


def _mark(axes: Axes, x: float, y: float, colour: Any, *, sure: bool) -> None:
    """Mark the chosen λ: filled where it is determined, else hollow."""
    axes.plot(x, y, "o", ms=4.2, color=colour, mfc=colour if sure else "white",
              mec="white" if sure else colour, mew=0.5 if sure else 0.9, zorder=5,
              clip_on=False)  # fmt: skip


def _draw_scores(axes: Axes, campaign: CampaignLike, rows: Sequence[int], criterion: str) -> None:
    lams, scores = (required(campaign, "drt", name) for name in ("trial_lam", "trial_score"))
    used = required(campaign, "drt", "lam")
    axes.set_xscale("log")
    if criterion != "l_curve":
        axes.set_yscale("log")
    else:
        axes.axhline(0, color=PALE, lw=0.4, zorder=0)
    for row, colour in zip(rows, shades(len(rows)), strict=True):
        shown = np.where(np.isfinite(scores[row]), scores[row], np.nan)
        axes.plot(lams[row], shown, color=colour, lw=0.9)
        here = int(np.nanargmin(np.abs(np.log(lams[row] / used[row]))))
        axes.axvline(used[row], color=colour, lw=0.4, ls=(0, (3, 2)), zorder=0)
        _mark(axes, used[row], shown[here], colour, sure=_sure(campaign, row))
    axes.set_xlim(float(np.nanmin(lams[rows])), float(np.nanmax(lams[rows])))
    known = np.where(np.isfinite(scores[rows]) & (scores[rows] > 0), scores[rows], np.nan)
    if criterion != "l_curve" and np.isfinite(known).any(axis=1).all():
        lowest = np.nanmin(known, axis=1)
        top = min(float(np.nanmax(known)), TALL * float(lowest.max()))
        axes.set_ylim(float(lowest.min()) / 1.5, 1.5 * top)
    decade_ticks(axes, "x", 6)
    axes.set_xlabel("λ")
    axes.set_ylabel(SCORES[criterion][0])


def _draw_l_curves(axes: Axes, campaign: CampaignLike, rows: Sequence[int]) -> None:
    lams, misfit, rough = (
        required(campaign, "drt", f"trial_{name}") for name in ("lam", "misfit", "roughness")
    )
    used = required(campaign, "drt", "lam")
    axes.set_xscale("log")
    axes.set_yscale("log")
    for row, colour in zip(rows, shades(len(rows)), strict=True):
        there = (misfit[row] > 0) & (rough[row] > 0)
        x, y = np.where(there, misfit[row], np.nan), np.where(there, rough[row], np.nan)
        axes.plot(x, y, color=colour, lw=0.9, marker="o", ms=1.2, mew=0)
        here = int(np.nanargmin(np.abs(np.log(lams[row] / used[row]))))
        _mark(axes, x[here], y[here], colour, sure=_sure(campaign, row))
    _name_lams(axes, lams[rows[0]], misfit[rows[0]], rough[rows[0]])
    axes.set_xlabel("Misfit Σ w²|Z − Ẑ|² (Ω²)")
    axes.set_ylabel(ORDERS.get(_setting(campaign, "order"), "Roughness (Ω²)"))


def _name_lams(axes: Axes, lams: Floats, x: Floats, y: Floats) -> None:
    """Write powers of ten of λ beside the points of one curve, where they do not collide."""
    powers = np.log10(lams)
    # Limits follow the data only when asked; distances on paper need them now.
    axes.autoscale_view()
    taken: list[np.ndarray] = []
    size = axes.get_figure(root=True).dpi / 72  # type: ignore[union-attr]
    for k in np.flatnonzero(np.abs(powers - np.round(powers)) < 1e-6):
        if not (x[k] > 0 and y[k] > 0) or len(taken) == NAMED:
            continue
        spot = axes.transData.transform((x[k], y[k])) / size
        if any(np.hypot(*(spot - other)) < APART for other in taken):
            continue
        taken.append(spot)
        axes.annotate(
            "10" + str(round(powers[k])).translate(RAISED), (x[k], y[k]),
            xytext=(3, 3), textcoords="offset points", fontsize=5.5, color=GREY,
            path_effects=HALO, zorder=6,
        )  # fmt: skip


@styled
def lambda_choice(
    campaign: CampaignLike, sweeps: Sequence[int] | None = None, width: float = DOUBLE
) -> Figure:
    """Draw how λ was chosen: score over λ, roughness over misfit, and γ(τ) with the chosen λ.

    Parameters
    ----------
    campaign : Campaign whose DRT is of the method "tikhonov" with λ chosen from the data.
    sweeps : rows of the spectra node; None lets `choose_sweeps` choose.
    width : width of the figure (cm).

    Returns
    -------
    matplotlib.figure.Figure
        A filled circle is a λ that the criterion determines, a hollow one a λ that it does not.

    Raises
    ------
    SchemaError
        where no λ was chosen.
    """
    rows = lambda_sweeps(campaign, sweeps)
    criterion = str(_setting(campaign, "choose") or "gcv")
    columns = max(int(width / 2.7), 1)
    over = 0.3 * -(-len(rows) // columns)
    figure = new_figure(width, 11.6 + over)
    column = (width - 1.25 - 1.75 - 0.3) / 2
    score = place(figure, 1.25, 0.35, column, 4.1)
    curve = place(figure, 1.25 + column + 1.75, 0.35, column, 4.1)
    gamma = place(figure, 1.25, 6.5 + over, width - 1.55, 4.0)
    _draw_scores(score, campaign, rows, criterion)
    _draw_l_curves(curve, campaign, rows)
    draw_gamma(gamma, campaign, rows)
    key_over(gamma, campaign, rows, 0.85 / 4.0, columns)
    for axes, name in ((score, "a"), (curve, "b"), (gamma, "c")):
        letter(figure, axes, name, 1.2)
    return figure


def lambda_caption(campaign: CampaignLike) -> str:
    """Say what the figure of λ shows, and for how many spectra λ is not determined."""
    outcomes = required(campaign, "drt", "lam_outcome").astype(object)
    judged = outcomes != ""
    open_ = judged & (outcomes != Outcome.determined.name)
    notes = required(campaign, "drt", "lam_note").astype(object)[open_]
    told = ""
    if len(notes):
        told = f" Hollow: not determined ({int(open_.sum())} of {int(judged.sum())}). {notes[0]}"
    by = SCORES[str(_setting(campaign, "choose") or "gcv")][1]
    whole = ", one for all spectra of an electrode" if _setting(campaign, "together") else ""
    return (
        f"Choice of λ by {by}{whole}: a, the score of every λ that was tried; b, roughness against "
        f"misfit, with λ written along the first curve; c, γ with the chosen λ (circles).{told}"
    )
