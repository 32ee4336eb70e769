"""The generator itself: what it calls the truth is true of what it writes, files included."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from anodescope import read
from anodescope.campaign import check
from anodescope.formats import export
from tests.generator import Made, paper, perturb
from tests.generator.impedance import cell
from tests.generator.knees import KS, Knee, knee_at

MAKERS: dict[str, Callable[[], Made]] = {
    "sgeis": lambda: paper.sgeis(step=0.05, rest=700.0),
    "plate": lambda: paper.sgeis(sign=-1, step=0.1, rest=0.0),
    "ccd": lambda: paper.ccd(half_cycle=350.0),
    "na_na_ccd": lambda: paper.na_na_ccd(ccd=1.0),
    "pulsed": lambda: paper.pulsed(capacity=0.02),
    "no rest": lambda: paper.pulsed(capacity=0.02, rest=0.0),
    "hold": lambda: paper.hold(time=60.0),
    "constant_current": lambda: paper.constant_current(time=600.0, geis=True),
    "rest": lambda: paper.rest(600.0),
    "rest_with_peis": lambda: paper.rest_with_peis(700.0),
    "cycling": lambda: paper.cycling(cycles=2, pause=60.0),
    "impedance_only": paper.impedance_only,
}


@pytest.mark.parametrize("name", MAKERS)
def test_every_campaign_follows_the_schema_and_its_protocol(name):
    made = MAKERS[name]()
    check(made.campaign)
    check("protocol", made.protocol)
    start, end = (made.protocol[key].values for key in ("time_start", "time_end"))
    assert np.allclose(start[1:], end[:-1])
    series = made.campaign["timeseries"]
    phase = np.clip(np.searchsorted(end, series["time"].values - 1e-9), 0, end.size - 1)
    asked = made.protocol["current"].values[phase]
    scale = np.abs(asked).max() or 1e-4
    assert np.abs(series["current"].values - asked).max() < 0.01 * scale


@pytest.mark.parametrize("name", ["sgeis", "ccd", "pulsed", "rest_with_peis"])
def test_files_bring_the_same_record_back(name, tmp_path):
    made = MAKERS[name]()
    export(made.campaign, tmp_path / "made", "mpt")
    campaign = read(tmp_path)
    before, after = made.campaign["timeseries"], campaign["timeseries"]
    times = [node["time"].values - float(node["time"][0]) for node in (before, after)]
    assert np.allclose(*times, atol=1e-3)  # a file's clock starts with its first row
    assert np.allclose(before["voltage"].values, after["voltage"].values, atol=1e-6)
    if "spectra" in made.campaign:
        assert campaign["spectra"].sizes == made.campaign["spectra"].sizes


@pytest.mark.parametrize("diverging", [False, True])
def test_a_knee_is_where_the_slope_says(diverging):
    knee = knee_at(2e-4, r0=100.0, start=2e-5, diverging=diverging)
    first = float(knee.slope(2e-5))
    for k in KS:
        assert np.isclose(float(knee.slope(knee.at(k))) / first, k, rtol=1e-6)
    i = np.linspace(2e-5, 3e-4 if not diverging else 0.9 * knee.place, 5)
    numeric = (knee.overpotential(i + 1e-9) - knee.overpotential(i - 1e-9)) / 2e-9
    assert np.allclose(numeric, knee.slope(i), rtol=1e-4)
    assert Knee(100.0, 2e-5, 1.0, gain=1.0).at(1.5) == float("inf")


def test_impedance_ends_at_the_resistance_of_the_voltage():
    arcs = cell(100.0, 30.0)
    assert np.isclose(arcs.impedance(np.array([1e-9]))[0].real, arcs.direct, rtol=1e-4)
    tau = np.logspace(-14, 6, 4001)
    area = np.trapezoid(arcs.gamma(tau), np.log(tau))
    assert np.isclose(area, arcs.direct - arcs.series, rtol=1e-3)


def test_truth_of_a_capacity_is_the_charge_that_passed():
    made = paper.pulsed(capacity=0.02)
    series, truth = made.campaign["timeseries"], made.truth
    on = series["current"].values > truth["current"] / 2
    reached = on & (series["voltage"].values > truth["limit"] - 1e-3)
    assert reached.any()
    before = series["time"].values <= series["time"].values[np.argmax(reached)]
    passed = np.count_nonzero(on & before) * truth["current"] * truth["on"] / 5
    assert np.isclose(passed, truth["capacity"], rtol=0.02)


@pytest.mark.parametrize("change", [perturb.noise, perturb.drop_rows, perturb.glitch_ranges])
def test_a_perturbed_campaign_is_still_one(change):
    made = change(MAKERS["sgeis"](), seed=3)
    check(made.campaign)
    assert made.truth["knee"] == MAKERS["sgeis"]().truth["knee"]


def test_a_restart_leaves_a_gap():
    made = perturb.restart(MAKERS["ccd"](), 0.4, gap=300.0)
    check(made.campaign)
    assert np.diff(made.campaign["timeseries"]["time"].values).max() >= 300.0
