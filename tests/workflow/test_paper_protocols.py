"""Every protocol of the paper, as instrument files, goes through the whole analysis.

The generator writes the files; what it calls the truth must come out within its bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from anodescope import analyse
from anodescope.campaign import Campaign
from anodescope.formats import export
from tests.generator import Made, paper

SPECIMEN = """
composition = "NaK50"
working_electrode = "alloy"
area_cm2 = { alloy = 0.385 }
"""


def analysed(made: Made, folder: Path) -> Campaign:
    """Write a campaign as EC-Lab text files, read them back and analyse them."""
    export(made.campaign, folder / "cell", "mpt")
    (folder / "specimen.toml").write_text(SPECIMEN, encoding="utf-8")
    return analyse(folder)


def rows(campaign: Campaign, quantity: str, basis: str = "") -> xr.Dataset:
    """Return the findings of one quantity."""
    findings = campaign["findings"]
    hit = findings["quantity"].values.astype(object) == quantity
    if basis:
        hit &= findings["basis"].values.astype(object) == basis
    return findings.isel(finding=np.flatnonzero(hit))


def kinds(campaign: Campaign) -> list[str]:
    return [str(kind) for kind in campaign["protocol"]["kind"].values]


def names(campaign: Campaign) -> set[str]:
    return set(campaign["peaks"]["name"].values.tolist())


SCAN = ["staircase_geis", "rest_with_peis"]
MAKERS: dict[str, tuple[Callable[[], Made], list[str]]] = {
    "strip": (lambda: paper.sgeis(rest=1400.0, tau_recovery=300.0), SCAN),
    "plate": (lambda: paper.sgeis(sign=-1, step=0.05, rest=1400.0), SCAN),
    "ccd": (lambda: paper.ccd(half_cycle=700.0), ["ccd"]),
    "na_na_ccd": (lambda: paper.na_na_ccd(ccd=1.6), ["ccd"]),
    "pulsed": (lambda: paper.pulsed(capacity=0.1), ["pulsed", "rest"]),
    "hold": (paper.hold, ["staircase"]),
    "constant": (lambda: paper.constant_current(time=1800.0, geis=True), ["constant_current"]),
    "cycling": (lambda: paper.cycling(cycles=3), ["cycling"]),
    "rest": (paper.rest, ["rest"]),
    "impedance_only": (paper.impedance_only, ["impedance_only"]),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The analysis of each protocol, done once."""
    known: dict[str, tuple[Made, Campaign]] = {}

    def result(name: str) -> tuple[Made, Campaign]:
        if name not in known:
            made = MAKERS[name][0]()
            known[name] = made, analysed(made, tmp_path_factory.mktemp(name.replace(" ", "_")))
        return known[name]

    return result


@pytest.mark.parametrize("name", MAKERS)
def test_the_protocol_is_recognised_from_the_files(results, name):
    made, campaign = results(name)
    assert kinds(campaign) == MAKERS[name][1]
    assert campaign["protocol"]["count"].values.tolist() == made.protocol["count"].values.tolist()
    assert (campaign["protocol"]["confidence"].values > 0.9).all()


@pytest.mark.parametrize("name", MAKERS)
def test_every_node_that_can_be_there_is(results, name):
    made, campaign = results(name)
    wanted = {"protocol", "findings", "events"}
    if "spectra" in made.campaign:
        wanted |= {"validation", "drt", "peaks"}
    assert wanted <= set(campaign.nodes)


def test_stripping_onset_peaks_and_recovery_are_those_of_the_generator(results):
    made, campaign = results("strip")
    assert {"γ_GB", "γ_int", "γ'_int"} <= names(campaign)
    onset = rows(campaign, "onset_current", "voltage_minus_ohmic")
    headline = onset.isel(finding=0)
    assert headline["low"] <= made.truth["knee"][2.5] <= headline["high"]
    recovery = rows(campaign, "recovery_time", "polarisation_resistance").isel(finding=0)
    assert float(recovery["value"]) == pytest.approx(made.truth["tau_recovery"], rel=0.1)
    assert "onset" in campaign["events"]["kind"].values.tolist()


def test_a_straight_plating_scan_has_no_onset_and_no_short(results):
    _, campaign = results("plate")
    onset = rows(campaign, "onset_current", "voltage_minus_ohmic")
    assert "determined" not in onset["outcome"].values.tolist()
    assert rows(campaign, "short")["outcome"].values.tolist() == ["not_found"] * 2


@pytest.mark.parametrize("name", ["ccd", "na_na_ccd"])
def test_the_critical_current_is_an_interval_around_the_short(results, name):
    made, campaign = results(name)
    ccd = rows(campaign, "critical_current").isel(finding=0)
    assert float(ccd["low"]) == pytest.approx(made.truth["ccd_low"], rel=0.01)
    assert float(ccd["high"]) == pytest.approx(made.truth["ccd_high"], rel=0.01)
    short = rows(campaign, "hard_short", "voltage").isel(finding=0)
    # A file's clock starts with its first row.
    start = float(made.campaign["timeseries"]["time"][0])
    assert float(short["low"]) - 1e-3 <= made.truth["short_time"] - start
    assert made.truth["short_time"] - start <= float(short["high"]) + 1e-3


def test_the_capacity_of_pulses_is_the_charge_up_to_the_limit(results):
    made, campaign = results("pulsed")
    capacity = rows(campaign, "critical_capacity", "voltage").isel(finding=0)
    assert str(capacity["outcome"].values) == "determined"
    assert float(capacity["value"]) == pytest.approx(made.truth["capacity"], rel=0.01)
    assert float(capacity["value_per_area"]) == pytest.approx(0.1, rel=0.01)


def test_what_did_not_reach_the_limit_is_censored(results):
    made, campaign = results("constant")
    capacity = rows(campaign, "critical_capacity", "voltage").isel(finding=0)
    assert str(capacity["outcome"].values) == "censored"
    assert float(capacity["low"]) == pytest.approx(1800.0 * made.truth["current"], rel=0.01)
    assert np.isinf(float(capacity["high"]))
