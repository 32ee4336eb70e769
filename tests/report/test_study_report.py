"""Figures and the page of a study: replicates, bounds, areas, links."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from anodescope.errors import SchemaError
from anodescope.events.replicates import replicates
from anodescope.report import (
    capacity_against,
    make_study_figures,
    pristine_overlay,
    threshold_against,
    write_study_report,
)
from anodescope.report.against import places_of, points_of
from tests.report.conftest import StandIn
from tests.report.samples import AREA
from tests.report.test_page import HOSTILE, read

RESTS = (0.0, 0.1, 1.0, 10.0)


def table(*, area: bool = True) -> pd.DataFrame:
    """Three cells per rest length, of which one did not reach the limit; one threshold each."""
    rows: list[dict[str, Any]] = []
    for k, rest in enumerate(RESTS):
        for cell in range(3):
            charge = 3.6 * AREA * (1 + 4 * k + 0.2 * cell)
            censored = (k, cell) == (3, 2)
            rows.append({
                "campaign": f"{rest}-{cell}", "quantity": "critical_capacity", "rest_s": rest,
                "composition": f"NaK{50 + 15 * (k % 2)}", "units": "C", "basis": "voltage",
                "value": np.nan if censored else charge, "low": charge,
                "high": np.inf if censored else charge, "criterion": "|V| = 3 V",
                "outcome": "censored" if censored else "determined",
                "block_kind": "pulsed", "direction": "stripping",
            })  # fmt: skip
            rows.append({
                **rows[-1], "quantity": "onset_current", "units": "A", "value": AREA * 1e-4,
                "low": AREA * 0.9e-4, "high": AREA * 1.1e-4, "outcome": "determined",
                "criterion": "k = 2.5",
            })  # fmt: skip
    frame = pd.DataFrame(rows)
    factor = frame["units"].map({"C": 1 / 3.6 / AREA, "A": 1e3 / AREA}) if area else np.nan
    for name in ("value", "low", "high"):
        frame[f"{name}_per_area"] = frame[name] * factor
    frame["units_per_area"] = frame["units"].map({"C": "mAh/cm²", "A": "mA/cm²"}) if area else ""
    return frame


def test_capacity_is_per_area_only_where_every_cell_has_one() -> None:
    (points,) = points_of(table(), "rest_s", "critical_capacity")
    assert points.unit == "mAh\u2009cm⁻²"
    assert points.value[:3] == pytest.approx([1.0, 1.2, 1.4])
    assert points.censored.sum() == 1
    assert points.value[points.censored] == pytest.approx([13.4])
    (plain,) = points_of(table(area=False), "rest_s", "critical_capacity")
    assert plain.unit == "mAh"
    assert plain.value[0] == pytest.approx(AREA)


def test_means_are_those_of_the_summary_and_bounds_are_arrows() -> None:
    frame = table()
    agreed = replicates(frame, "critical_capacity", "rest_s")
    axes = capacity_against(frame, "rest_s", agreed).axes[0]
    means = [float(line.get_ydata()[0]) for line in axes.lines
             if line.get_marker() == "D" and len(line.get_xdata()) == 1]  # fmt: skip
    assert means == pytest.approx(agreed["mean"].tolist())
    assert [t.get_text() for t in axes.texts if t.get_text()] == ["3", "3", "3", "3*"]
    assert sum(getattr(text, "arrow_patch", None) is not None for text in axes.texts) == 1
    without = capacity_against(frame).axes[0]
    assert not any(line.get_marker() == "D" for line in without.lines)


def test_a_rest_of_zero_has_a_place_on_the_log_axis() -> None:
    axis = places_of(RESTS)
    assert axis.kind == "log"
    assert axis.place(RESTS).tolist() == pytest.approx([0.1 / 3, 0.1, 1.0, 10.0])
    axes = capacity_against(table()).axes[0]
    axes.figure.canvas.draw()
    assert [t.get_text() for t in axes.get_xticklabels()] == ["0", "0.1", "1", "10"]
    assert places_of([1.0, 2.0]).kind == "linear"
    assert places_of(["NaK50", "NaK65"]).categories == ("NaK50", "NaK65")


def test_threshold_stands_over_its_composition() -> None:
    axes = threshold_against(table()).axes[0]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["NaK50", "NaK65"]
    assert axes.get_ylabel() == "Onset of instability (mA\u2009cm⁻²)"
    with pytest.raises(SchemaError, match="no cell has a critical current"):
        threshold_against(table(), quantity="critical_current")
    with pytest.raises(SchemaError, match="no column colour"):
        threshold_against(table(), "colour")


def test_pristine_spectra_are_per_area_only_where_all_areas_are_given(campaign: StandIn) -> None:
    known = campaign.but(specimen={"area_cm2": {"alloy": AREA}})
    both = pristine_overlay({"a": known, "b": known})
    assert both.axes[0].get_xlabel() == "Re Z (Ω\u2009cm²)"
    mixed = pristine_overlay([("a", known), ("b", campaign)])
    assert mixed.axes[0].get_xlabel() == "Re Z (Ω)"
    curves = [line for line in mixed.axes[0].lines if line.get_linestyle() == "-"]
    assert curves[0].get_xdata() == pytest.approx(curves[1].get_xdata())
    with pytest.raises(SchemaError, match="no cell of the study"):
        pristine_overlay({"empty": StandIn({})})


def test_study_page_links_to_every_cell_and_holds_its_tables(
    campaign: StandIn, tmp_path: Path
) -> None:
    frame = table()
    agreed = {"critical_capacity": replicates(frame, "critical_capacity", "rest_s")}
    figures = make_study_figures({"cell 1": campaign}, frame, agreed)
    assert list(figures) == ["pristine", "capacity", "threshold"]
    cells = pd.DataFrame({"name": ["cell 1", HOSTILE], "composition": ["NaK50", HOSTILE]})
    places = {"cell 1": "campaigns/cell 1/report.html", HOSTILE: "javascript:alert(1)"}
    path = write_study_report(
        tmp_path / "report.html", "A study", figures, {"findings": frame, **agreed}, places,
        cells=cells,
    )  # fmt: skip
    reader = read(path)
    links = [attrs["href"] for tag, attrs in reader.tags if tag == "a"]
    assert "campaigns/cell%201/report.html" in links
    assert not any(link.startswith("javascript:") for link in links)
    assert HOSTILE in reader.text
    images = [attrs for tag, attrs in reader.tags if tag == "img"]
    assert len(images) == 3
    assert all(image["src"].startswith("data:") and len(image["alt"]) > 40 for image in images)
    assert "Also in tables/findings.csv." in reader.text
    assert sum("data-searchable" in attrs for tag, attrs in reader.tags if tag == "table") == 1


def test_an_empty_study_has_a_page(tmp_path: Path) -> None:
    reader = read(write_study_report(tmp_path / "r.html", "", {}, {}, {}))
    assert "The study has no campaign." in reader.text
