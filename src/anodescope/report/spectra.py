"""Figures of chosen sweeps: Nyquist, Bode, residuals, γ(τ), and a sheet with all four."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from anodescope.errors import SchemaError
from anodescope.report.curves import (
    draw_bode,
    draw_gamma,
    draw_nyquist,
    draw_residuals,
    key,
    key_over,
)
from anodescope.report.style import (
    DOUBLE,
    GREY,
    SINGLE,
    letter,
    new_figure,
    place,
    styled,
    write,
)
from anodescope.report.view import (
    CampaignLike,
    choose_sweeps,
    electrodes,
    required,
    specimen_line,
    stored,
)


def as_sweeps(campaign: CampaignLike, sweeps: Sequence[int] | None) -> list[int]:
    """Return the user's sweeps in time order, or chosen ones for None.

    Raises
    ------
    SchemaError
        where a row does not exist or there is nothing to choose from.
    """
    if sweeps is None:
        chosen = choose_sweeps(campaign)
        if not chosen:
            raise SchemaError("Nothing to draw: the campaign holds no spectra.")
        return chosen
    starts = required(campaign, "spectra", "time_start")
    for row in sweeps:
        if not 0 <= row < len(starts):
            raise SchemaError(f"There is no sweep {row}: the campaign holds 0 … {len(starts) - 1}.")
    if not sweeps:
        raise SchemaError("Nothing to draw: no sweep was named.")
    return sorted((int(row) for row in sweeps), key=lambda row: float(starts[row]))


@styled
def nyquist(
    campaign: CampaignLike, sweeps: Sequence[int] | None = None, width: float = SINGLE
) -> Figure:
    """Draw Nyquist curves of chosen sweeps: equal scales, −Im up, decades marked.

    Parameters
    ----------
    campaign : Campaign
    sweeps : rows of the spectra node; None lets `choose_sweeps` choose.
    width : width of the figure (cm).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SchemaError
        where there is no spectrum.
    """
    chosen = as_sweeps(campaign, sweeps)
    box = (width - 1.55, 0.78 * (width - 1.55))
    figure = new_figure(width, box[1] + 1.15 + 0.25)
    axes = place(figure, 1.25, 0.25, *box)
    draw_nyquist(axes, campaign, chosen, box[1] / box[0])
    key(axes, campaign, chosen)
    return figure


@styled
def bode(
    campaign: CampaignLike, sweeps: Sequence[int] | None = None, width: float = SINGLE
) -> Figure:
    """Draw |Z| and −phase of chosen sweeps over frequency; arguments as in `nyquist`."""
    chosen = as_sweeps(campaign, sweeps)
    figure = new_figure(width, 7.2)
    upper = place(figure, 1.25, 0.25, width - 1.55, 2.85)
    lower = place(figure, 1.25, 3.3, width - 1.55, 2.85, sharex=upper)
    draw_bode(upper, lower, campaign, chosen)
    key(upper, campaign, chosen, loc="upper right")
    letter(figure, upper, "a", 1.2)
    letter(figure, lower, "b", 1.2)
    return figure


@styled
def residuals(
    campaign: CampaignLike, sweeps: Sequence[int] | None = None, width: float = SINGLE
) -> Figure:
    """Draw the residuals of the Kramers–Kronig test and of the DRT; arguments as in `nyquist`."""
    chosen = as_sweeps(campaign, sweeps)
    figure = new_figure(width, 6.2)
    upper = place(figure, 1.25, 0.5, width - 1.55, 2.15)
    lower = place(figure, 1.25, 2.95, width - 1.55, 2.15, sharex=upper)
    draw_residuals(upper, lower, campaign, chosen)
    letter(figure, upper, "a", 1.2)
    letter(figure, lower, "b", 1.2)
    return figure


@styled
def gamma_curves(
    campaign: CampaignLike, sweeps: Sequence[int] | None = None, width: float = SINGLE
) -> Figure:
    """Draw γ(τ) of chosen sweeps with frequencies on top; arguments as in `nyquist`."""
    chosen = as_sweeps(campaign, sweeps)
    columns = max(int(width / 2.7), 1)
    over = 0.3 * -(-len(chosen) // columns)
    figure = new_figure(width, 6.4 + over)
    axes = place(figure, 1.25, 0.95 + over, width - 1.55, 4.35)
    draw_gamma(axes, campaign, chosen)
    key_over(axes, campaign, chosen, 0.85 / 4.35, columns)
    return figure


@styled
def sheet(
    campaign: CampaignLike, sweeps: Sequence[int] | None = None, width: float = DOUBLE
) -> Figure:
    """Draw chosen sweeps on one sheet: Nyquist, Bode, residuals and γ(τ); as in `nyquist`."""
    chosen = as_sweeps(campaign, sweeps)
    figure = new_figure(width, 12.3)
    column = (width - 1.25 - 1.55 - 0.3) / 2
    right = 1.25 + column + 1.55
    first = place(figure, 1.25, 0.55, column, 4.9)
    draw_nyquist(first, campaign, chosen, 4.9 / column)
    key(first, campaign, chosen)
    upper = place(figure, right, 0.55, column, 2.35)
    lower = place(figure, right, 3.1, column, 2.35, sharex=upper)
    draw_bode(upper, lower, campaign, chosen)
    below = place(figure, 1.25, 7.4, column, 3.85)
    if stored(campaign, "drt", "gamma") is not None:
        draw_gamma(below, campaign, chosen)
    else:
        below.set_axis_off()
        below.text(0.5, 0.5, "no DRT was computed", transform=below.transAxes, ha="center")
    kk = place(figure, right, 7.4, column, 1.8)
    misfit = place(figure, right, 9.45, column, 1.8, sharex=kk)
    draw_residuals(kk, misfit, campaign, chosen)
    for axes, name in ((first, "a"), (upper, "b"), (below, "c"), (kk, "d")):
        letter(figure, axes, name, 1.2)
    names = electrodes(campaign)
    shown = specimen_line(campaign, 80) + (f" · {names[0]}" if len(names) > 1 else "")
    write(figure, 1.25, 0.08, shown, fontsize=6, color=GREY)
    return figure
