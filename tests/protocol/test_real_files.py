"""What real instruments wrote comes out as what was done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodescope
from anodescope.campaign import check
from anodescope.protocol import Protocol, contradictions, recognise
from anodescope.protocol.recognise import UNSEEN

# File (or files), kinds of the blocks, count of each.
KNOWN = {
    ("yadg/cp.mpr",): [("constant_current", 1)],
    ("yadg/gcpl.issue_211.mpr",): [("cycling", 10)],
    ("yadg/gcpl.issue_211.mpt",): [("cycling", 10)],
    ("yadg/ocv.mpr",): [("rest", 1)],
    ("yadg/peis.mpr",): [("impedance_only", 1)],
    ("yadg/geis.mpr",): [("constant_current", 1)],
    ("yadg/mb.issue_95.mpr",): [("rest", 1), ("cycling", 2)],
    ("hybrid-drt/CP_SSB.mpr",): [("rest", 1), ("cycling", 6), ("rest", 1)],
    ("hybrid-drt/PEIS_SSB.mpr",): [("impedance_only", 1)],
    ("hybrid-drt/EISGALV_EISTest3.DTA",): [("impedance_only", 1)],
    ("impedance.py/exampleDataGamry.DTA",): [("rest_with_peis", 1)],
    ("impedance.py/exampleDataZPlot.z",): [("impedance_only", 1)],
    ("aurora/test_C01.mpr",): [("rest", 1)],
    ("aurora/PEIS.mpr",): [("impedance_only", 4)],
    ("aurora/250116_kigr_gen6_01_01_GCPL_CD8.mpr",): [
        ("rest", 1), ("constant_current", 1), ("rest", 1),
    ],
    ("bdf/MB-0.mpr",): [("unknown", 1)],
    ("navani/00_test_02_MB_C01.mpr",): [("unknown", 1)],
    (
        "insitu-datalab/LiLi_TEGDME_insitu_01_GCPL_C05.mpr",
        "insitu-datalab/LiLi_TEGDME_insitu_02_GEIS_C05.mpr",
    ): [("rest", 1), ("constant_current", 1), ("impedance_only", 45)],
}  # fmt: skip


def recognised(folder: Path, *names: str) -> Protocol:
    campaign = anodescope.read(*(folder / name for name in names))
    nodes = [campaign[name] if name in campaign.nodes else None
             for name in ("timeseries", "spectra", "steps")]  # fmt: skip
    return recognise(nodes[0], nodes[1], steps=nodes[2])


@pytest.mark.parametrize("names", KNOWN, ids=lambda names: Path(names[0]).name)
def test_what_was_done(names, potentiostat):
    found = recognised(potentiostat, *names)
    assert [(block.kind, block.count) for block in found.blocks] == KNOWN[names]
    check("protocol", found.to_dataset())
    assert Protocol.from_toml(found.to_toml()) == found


def test_every_real_file_gives_a_protocol(potentiostat):
    for path in sorted(potentiostat.rglob("*")):
        if path.suffix in (".mpr", ".mpt", ".DTA", ".z"):
            found = recognised(path.parent, path.name)
            assert found.blocks, path.name
            check("protocol", found.to_dataset())


def test_the_hourly_holds_of_the_lithium_cell_are_one_constant_current(potentiostat):
    """The file of the looped GCPL holds time and voltage alone; .mps says 0.4 mA for an hour."""
    campaign = anodescope.read(potentiostat / "insitu-datalab")
    found = recognise(campaign["timeseries"], campaign["spectra"], steps=campaign["steps"])
    assert found.kinds == ("rest_with_peis", "constant_current", "rest_with_peis",
                           "constant_current")  # fmt: skip
    assert "unknown" not in found.kinds
    holds = found.blocks[-1]
    mode = holds.phases().mode
    assert np.count_nonzero(mode == 3) == 44  # sweeps between 45 holds
    assert np.count_nonzero(mode == 1) == 45
    assert (holds.note, np.isnan(holds.parameters["current"])) == (UNSEEN, True)
    assert 0.5 < holds.confidence < 1.0  # soft shorts move the voltage
    assert Protocol.from_toml(found.to_toml()) == found


def test_the_currents_of_the_lithium_cell_are_those_that_its_settings_ask_for(potentiostat):
    campaign = anodescope.read(
        potentiostat / "insitu-datalab" / "LiLi_TEGDME_insitu_01_GCPL_C05.mpr"
    )
    found = recognise(campaign["timeseries"], steps=campaign["steps"])
    assert found.parameters[1]["current"] == pytest.approx(4e-4, rel=0.01)
    assert found.parameters[1]["duration"] == pytest.approx(600.0, rel=0.02)
    assert contradictions(found, campaign.attrs["provenance"]) == []


def test_the_pulses_of_the_solid_state_cell(potentiostat):
    found = recognised(potentiostat, "hybrid-drt/CP_SSB.mpr")
    phases = found.blocks[1].phases()
    assert phases.duration == pytest.approx([0.1, 0.1, 1.0, 1.0, 10.0, 10.0], abs=0.002)
    assert abs(phases.current) == pytest.approx(8.4e-6, rel=0.01)
    assert found.confidence > 0.99
