"""The figure of λ: its circles stand where the node says, hollow where λ is not determined."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from matplotlib.colors import to_hex

from anodescope.errors import SchemaError
from anodescope.impedance import Tikhonov, drt
from anodescope.report import lambda_choice, make_figures, write_report
from anodescope.report.lambdas import has_lambdas, lambda_caption, lambda_sweeps
from tests.report.conftest import StandIn, staircase


@lru_cache(maxsize=8)
def inverted(choose: str, order: int = 1, low: float = 1e-6) -> StandIn:
    """Four sweeps, with λ chosen for each."""
    bare = staircase(4, 0, 31)
    method = Tikhonov(choose=choose, order=order, lam_range=(low, 1e2), lam_per_decade=1)
    return bare.but(drt=drt(bare, method))


@pytest.mark.parametrize("choose", ["gcv", "l_curve", "re_im"])
def test_scores_curves_and_circles_are_those_of_the_node(choose: str) -> None:
    campaign = inverted(choose)
    node = campaign["drt"]
    score, curve, gamma = lambda_choice(campaign, [0, 3]).axes[:3]
    lines = [line for line in score.lines if len(line.get_xdata()) == node.sizes["trial"]]
    for line, row in zip(lines, (0, 3), strict=True):
        assert line.get_xdata() == pytest.approx(node["trial_lam"].values[row])
        assert line.get_ydata() == pytest.approx(node["trial_score"].values[row])
    circles = [line for line in score.lines if line.get_marker() == "o"]
    assert [float(c.get_xdata()[0]) for c in circles] == pytest.approx(node["lam"].values[[0, 3]])
    path = next(line for line in curve.lines if len(line.get_xdata()) == node.sizes["trial"])
    assert path.get_xdata() == pytest.approx(node["trial_misfit"].values[0])
    assert path.get_ydata() == pytest.approx(node["trial_roughness"].values[0])
    assert (curve.get_xscale(), curve.get_yscale(), score.get_xscale()) == ("log",) * 3
    assert score.get_yscale() == ("linear" if choose == "l_curve" else "log")
    assert gamma.get_xlabel() == "Relaxation time τ (s)"
    assert curve.texts


def test_a_lambda_at_the_end_is_hollow_and_the_caption_has_its_sentence() -> None:
    campaign = inverted("gcv", low=0.1)
    assert set(campaign["drt"]["lam_outcome"].values.tolist()) == {"not_identifiable"}
    circle = next(line for line in lambda_choice(campaign).axes[0].lines
                  if line.get_marker() == "o")  # fmt: skip
    assert to_hex(circle.get_markerfacecolor()) == "#ffffff"
    assert "not determined (4 of 4)" in lambda_caption(campaign)
    assert "smallest λ tried, 0.1" in lambda_caption(campaign)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_the_axis_says_which_derivative_is_penalised(order: int) -> None:
    label = lambda_choice(inverted("l_curve", order), [0]).axes[1].get_ylabel()
    assert label.startswith({0: "∫ γ²", 1: "∫ (dγ/", 2: "∫ (d²γ/"}[order])


def test_without_a_choice_there_is_no_figure(campaign: StandIn) -> None:
    given = campaign.but(drt=drt(campaign, Tikhonov(lam=1e-3)))
    for one in (campaign, given, campaign.but(drt=None)):
        assert not has_lambdas(one)
        with pytest.raises(SchemaError):
            lambda_choice(one)


def test_sweeps_without_a_curve_are_left_out() -> None:
    campaign = inverted("gcv")
    node = campaign["drt"].copy(deep=True)
    node["trial_misfit"][1] = np.nan
    assert lambda_sweeps(campaign.but(drt=node), [0, 1, 2]) == [0, 2]


@pytest.mark.slow
def test_the_report_shows_it_under_the_relaxation_times(tmp_path) -> None:
    campaign = inverted("l_curve")
    figures = make_figures(campaign)
    assert "lambda_choice" in figures
    page = write_report(campaign, tmp_path / "report.html", figures=figures).read_text("utf-8")
    assert "Choice of λ by the corner of the L-curve" in page
