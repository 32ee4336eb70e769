"""Simulate → EC-Lab text → read → recognise: the same test comes back, and the same thresholds."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from anodescope.campaign import parse_specimen
from anodescope.cell.cell import Cell
from anodescope.cell.instrument import Instrument
from anodescope.cell.simulate import simulate
from anodescope.events import DetectorSettings, evaluate
from anodescope.events.onset.find import OnsetSettings
from anodescope.formats import export, read
from anodescope.protocol import protocols, recognise

LOG = logging.getLogger(__name__)
METER = Instrument()
FINE = Instrument(sampling=0.02)

# Every procedure of the library, short. Pulses with 0.1 s of rest need samples within the rest.
ASKED = {
    "rest": (protocols.rest(30.0), METER),
    "hold": (protocols.hold(0.25, 60.0), METER),
    "hold, plate": (protocols.hold(-0.7, 60.0), METER),
    "in situ staircase": (protocols.hold((0.2, 0.4, 0.7, 1.0), 30.0), METER),
    "to a capacity": (protocols.to_capacity(0.25, 0.01), METER),
    "K, plate": (protocols.to_capacity(-0.2, 0.005, sweep=35.0), METER),
    "ccd": (protocols.ccd(half_cycle=80.0), METER),
    "ccd without impedance": (protocols.ccd(half_cycle=60.0, sweep=None, rest=5.0), METER),
    "cycling": (protocols.cycling(0.1, 60.0, 3, rest=10.0), METER),
    "cycling with impedance": (protocols.cycling(0.1, 80.0, 2, sweep=35.0), METER),
    "staircase of GEIS, strip": (protocols.staircase_geis(0.05, 0.2, 0.01), METER),
    "staircase of GEIS, plate": (protocols.staircase_geis(-0.05, -0.2, 0.01), METER),
    "Na | Na staircase": (protocols.staircase(0.2, 1.0, 0.2, hold=20.0), METER),
    **{
        f"pulses, rest {rest:g} s": (protocols.pulsed_stripping(rest=rest, count=15), meter)
        for rest, meter in (
            (0, METER),
            (0.1, FINE),
            (1, METER),
            (2, METER),
            (5, METER),
            (10, METER),
        )
    },
    "rest with PEIS": (protocols.rest_with_peis(150.0), METER),
    "rest with PEIS from time to time": (protocols.rest_with_peis(200.0, 60.0), METER),
    "pristine spectra": (protocols.spectra(3), METER),
    "one after the other": (
        protocols.staircase_geis(0.05, 0.1, 0.01)
        + protocols.rest(60.0)
        + protocols.pulsed_stripping(rest=2, count=5),
        METER,
    ),
}


def there_and_back(campaign, folder):
    """Write EC-Lab text files and read them, with what the user knows of the cell."""
    files = export(campaign, folder, "mpt")
    return read(*files, specimen=parse_specimen(campaign.attrs["specimen"], "specimen"))


def recognised(campaign):
    """The protocol of a campaign that was read."""
    spectra = campaign["spectra"] if "spectra" in campaign.nodes else None
    return recognise(campaign["timeseries"], spectra, steps=campaign["steps"])


def cell_for(name):
    return Cell.preset("K" if name.startswith("K,") else "NaK50")


@pytest.mark.parametrize("name", ASKED)
def test_the_numbers_come_back_as_they_were_printed(name, tmp_path):
    """EC-Lab text has 16 digits, and mA for A: an error of a few units in the last place.

    Without noise, so that a point of a sweep and its row in the time series are one number.
    """
    asked, meter = ASKED[name]
    made = simulate(cell_for(name), asked, instrument=meter.silent())
    found = there_and_back(made, tmp_path)
    for node, names in (
        ("timeseries", ("time", "voltage", "current")),
        ("spectra", ("frequency", "voltage", "current", "time")),
    ):
        if node in made:
            for column in names:
                np.testing.assert_allclose(found[node][column], made[node][column], rtol=2e-15)
    if "spectra" in made:
        one, other = (node["spectra"]["impedance"].to_numpy() for node in (found, made))
        np.testing.assert_allclose(one.real, other.real, rtol=2e-15)
        np.testing.assert_allclose(one.imag, other.imag, rtol=2e-15)


@pytest.mark.parametrize("name", ASKED)
def test_the_protocol_is_recognised(name, tmp_path):
    """Same blocks, kinds, order and counts of steps; boundaries to a sample, currents to noise."""
    asked, meter = ASKED[name]
    cell = cell_for(name)
    made = simulate(cell, asked, instrument=meter, seed=1)
    found = recognised(there_and_back(made, tmp_path))
    assert found.kinds == asked.kinds
    assert [block.count for block in found.blocks] == [block.count for block in asked.blocks]
    was, now = asked.absolute(cell.area).phases(), found.phases()
    np.testing.assert_array_equal(now.mode, was.mode)

    time = np.unique(made["timeseries"]["time"].to_numpy())
    at = np.searchsorted(time, was.time_end - 1e-9)
    before = time[np.maximum(at - 1, 0)]
    behind = time[np.minimum(at + 1, time.size - 1)]
    assert (now.time_end >= before - 1e-9).all()
    assert (now.time_end <= behind + 1e-9).all()

    held = np.isfinite(was.current) & (was.current != 0)
    # A level is read from one sample at least, off by more than 5 σ once in two million.
    scale = np.array(meter.ranges)[np.searchsorted(meter.ranges, np.abs(was.current[held]))]
    assert (np.abs(now.current[held] - was.current[held]) <= 5.0 * meter.range_noise * scale).all()


# ------------------------------------------------------------------ thresholds
STEP = 0.01
FACTORS = (1.5, 2.0, 2.5, 4.0)


def knees(cell, series):
    """Currents (mA/cm²) at which the slope of the noise-free V first exceeds k initial ones.

    V is what the cell gives at the end of each hold, less i·`series` (Ω·cm²). The slope from one
    stair to the next belongs to the middle between them, and is a straight line from middle to
    middle. The initial slope is that of the first tenth of the stairs, at least 5.
    """
    made = simulate(cell, protocols.staircase_geis(0.05, 1.0, STEP))
    row, kind = made["timeseries"]["step"].to_numpy(), made["steps"]["technique"].to_numpy()
    # A sweep follows every hold that was not cut short.
    last = [np.flatnonzero(row == k)[-1] for k in np.flatnonzero(kind == "GEIS") - 1]
    i = 1e3 * made["timeseries"]["current_density"].to_numpy()[last]
    volt = made["timeseries"]["voltage"].to_numpy()[last] - 1e-3 * series * i
    middle, slope = 0.5 * (i[1:] + i[:-1]), np.diff(volt) / np.diff(i)
    first = max(5, int(np.ceil(0.1 * i.size)))
    initial = np.polyfit(i[:first], volt[:first], 1)[0]
    result = []
    for factor in FACTORS:
        k = np.flatnonzero(slope > factor * initial)[0]
        result.append(np.interp(factor * initial, slope[k - 1 : k + 1], middle[k - 1 : k + 1]))
    return np.array(result)


def evaluated(cell, series, seed, folder):
    """The same currents from the files of a noisy run, by the detectors."""
    folder.mkdir()
    made = simulate(cell, protocols.staircase_geis(0.05, 1.0, STEP), instrument=METER, seed=seed)
    found = there_and_back(made, folder)
    found = found.with_node("protocol", recognised(found).to_dataset(cell.area))
    settings = OnsetSettings(FACTORS, series_resistances=(series / cell.area,) if series else ())
    table = evaluate(found, DetectorSettings(onset=settings)).to_dataframe()
    table = table[(table.quantity == "onset_current") & table.criterion.str.contains("of the hold")]
    what = "d(V" if series else "dV/di"
    table = table[table.criterion.str.contains(what, regex=False)]
    result = []
    for factor in FACTORS:
        rows = table[table.criterion.str.contains(f"exceeds {factor:g} times", regex=False)]
        rows = rows[np.isfinite(rows.value_per_area)]
        result.append(rows.value_per_area.iloc[0] if len(rows) else np.nan)
    return np.array(result)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["NaK50", "NaK65"])
@pytest.mark.parametrize("corrected", [False, True])
def test_thresholds_after_analysis_are_those_of_the_cell(name, corrected, tmp_path):
    """20 seeds of the noise; each within one step of the current of what the cell itself gives."""
    cell = Cell.preset(name)
    series = cell.numbers()["electrolyte"] if corrected else 0.0
    direct = knees(cell, series)
    found = np.array([evaluated(cell, series, k, tmp_path / str(k)) for k in range(20)])
    # To see the numbers: --log-cli-level=INFO.
    LOG.info("%s, series %g Ω·cm²: direct %s", name, series, direct)
    LOG.info("mean %s, σ %s", found.mean(0), found.std(0))
    LOG.info("off by at most %s", np.abs(found - direct).max(0))
    assert np.isfinite(found).all()
    assert (np.abs(found - direct) <= STEP).all()
