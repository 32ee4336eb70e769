"""Validation of real files: what each shows, as looked at point by point when this was written."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.campaign import check
from anodescope.formats import read
from anodescope.impedance import drt, validate
from anodescope.impedance.validation.drift import Stationarity

FILES = (
    "hybrid-drt/PEIS_SSB.mpr",
    "hybrid-drt/Sample1_PEIS_EndOfDischarge.mpr",
    "hybrid-drt/PEIS_LPSCl_IonBlocking_-25C.mpr",
    "hybrid-drt/EISGALV_EISTest3.DTA",
    "yadg/geis.mpr",
    "yadg/peis.mpr",
    "insitu-datalab/LiLi_TEGDME_insitu_02_GEIS_C05.mpr",
    "impedance.py/exampleDataBioLogic.mpt",
    "impedance.py/exampleDataGamry.DTA",
    "impedance.py/exampleDataZPlot.z",
    "aurora/PEIS.mpr",
    "bdf/PEIS-0.mpr",
)


@pytest.mark.parametrize("name", FILES)
def test_every_real_file_is_judged_and_trimmed_within_the_share(potentiostat, name):
    campaign = read(potentiostat / name)
    found = validate(campaign)
    check("validation", found)
    cut = (found.inductive | found.drifting).values
    usable = campaign["spectra"].valid.values
    assert not (cut & ~usable).any()
    assert (cut.sum(axis=1) <= usable.sum(axis=1) / 3).all()


def test_a_quiet_solid_state_cell_passes(potentiostat):
    """PEIS of a solid-state cell at rest: nothing to trim, and no neighbour to compare with."""
    found = validate(read(potentiostat / "hybrid-drt/PEIS_SSB.mpr"))
    assert found.verdict.values.tolist() == ["consistent"]
    assert found.stationary.values.tolist() == ["not_decidable"]
    assert found.linear.values.tolist() == ["consistent"]
    assert abs(float(found.drift_voltage[0])) < 0.01
    assert not (found.inductive | found.drifting).any()


def test_a_cell_whose_dc_current_relaxes_during_the_sweep_does_not(potentiostat):
    """The dc current falls from 199 to 2 µA under an ac amplitude of 11 µA: 1 % at 0.1 Hz."""
    campaign = read(potentiostat / "hybrid-drt/Sample1_PEIS_EndOfDischarge.mpr")
    current = campaign["spectra"].current.values[0]
    assert current[0] > 15 * np.nanmin(campaign["spectra"].current_amplitude)
    found = validate(campaign)
    assert found.verdict.values.tolist() == ["inconsistent"]
    assert not (found.stationary.values == "consistent").any()
    strict = validate(campaign, stationarity=Stationarity(change=0.005))
    assert strict.stationary.values.tolist() == ["inconsistent"]


def test_the_cable_of_a_milliohm_cell_is_trimmed(potentiostat):
    """Re Z of 24 mΩ doubles towards 1 MHz: no series inductance does that."""
    campaign = read(potentiostat / "hybrid-drt/EISGALV_EISTest3.DTA")
    found = validate(campaign)
    gone = found.inductive.values[0]
    frequency = campaign["spectra"].frequency.values[0]
    assert 1e5 < frequency[gone].min() < 1e6
    assert found.verdict.values.tolist() == ["consistent"]
    kept = drt(campaign.with_node("validation", found))
    assert float(kept.noise[0]) < float(drt(campaign).noise[0])


def test_a_low_end_that_bends_is_trimmed(potentiostat):
    """Below 0.2 Hz, two minutes into the sweep, the residual turns systematic (up to 9 %)."""
    campaign = read(potentiostat / "impedance.py/exampleDataGamry.DTA")
    found = validate(campaign)
    assert found.verdict.values.tolist() == ["inconsistent"]
    gone = found.drifting.values[0]
    assert 0.05 < campaign["spectra"].frequency.values[0][gone].max() < 0.5


def test_the_end_of_a_discharge_drifts(potentiostat):
    """GEIS while a cell runs empty: Z of the working electrode at last grows by half per sweep."""
    campaign = read(potentiostat / "yadg/geis.mpr")
    found = validate(campaign)
    rows = np.flatnonzero(campaign["spectra"].electrode.values.astype(object) == "working")
    working = found.isel(spectrum=rows)
    assert set(working.drift_basis.values) == {"same_bias"}
    assert (working.stationary.values[-15:] == "inconsistent").all()
    assert (working.drift_impedance.values[-3:] > 0.2).all()
    assert np.abs(working.drift_impedance.values[5:25]).max() < 0.03
    assert working.drifting.values[-3:-1].any(axis=1).all()
    # The dc voltage is the working electrode's alone.
    assert np.isnan(np.delete(found.drift_voltage.values, rows)).all()


def test_the_sweeps_between_the_pulses_of_the_symmetric_cell_are_too_far_apart(potentiostat):
    found = validate(read(potentiostat / "insitu-datalab/LiLi_TEGDME_insitu_02_GEIS_C05.mpr"))
    assert set(found.verdict.values) == set(found.stationary.values) == {"not_decidable"}
    assert set(found.drift_basis.values) == {""}
    # 10 to 27 mV: too much to be sure, too little to be called.
    assert float(found.linearity.min()) > 0.35
    assert not (found.linear.values == "inconsistent").any()
