"""O17 to O19 on records whose short circuit and rise are written down, and on virtual cells."""

from __future__ import annotations

import numpy as np
import pytest

import anodescope as an
from anodescope.cell import Crack, Instrument, Pattern
from anodescope.errors import Outcome
from anodescope.inference.observations.insitu import EXTRACTORS
from anodescope.inference.observations.rows import Verdict, judge, rows
from anodescope.materials import FARADAY, nak
from anodescope.protocol import Block, Protocol, Rest
from anodescope.workflow.analyse import analyse
from tests.generator import paper
from tests.generator.record import AREA, Record, steady

VOLTS = 0.3


def plated(charge, total, *, current=-0.7, key="insitu_plate_0.7", left=1e-3):
    """Plate `total` mAh/cm² with a short circuit after `charge` (None: none), |V| then `left`."""
    made = Record()
    made.block("constant_current", "CP")
    made.level()
    ends = np.inf if charge is None else charge * 3600.0 / abs(current)

    def volts(t):
        return np.sign(current) * np.where(t < ends, VOLTS, left)

    made.hold(current * 1e-3 * AREA, total * 3600.0 / abs(current), volts, 2.0)
    return {key: analyse(made.made().campaign)}


@pytest.mark.parametrize("charge", [0.2, 0.5, 0.9])
def test_the_charge_up_to_the_short_circuit(charge):
    found = EXTRACTORS["O17.short_charge"](plated(charge, 1.5))
    # a sample each 2 s at 0.7 mA/cm²: 0.4 µAh/cm²
    assert found.value == pytest.approx(charge, abs=2e-3)
    for one in found.sensitivity:
        assert one.value == pytest.approx(charge, abs=5e-3), one.definition


def test_a_short_circuit_while_stripping_is_not_that_of_plating():
    found = EXTRACTORS["O17.short_charge"](plated(0.5, 1.5, current=0.7))
    assert found.outcome is Outcome.not_found


def test_without_a_short_circuit_there_is_a_bound():
    row = rows()["O17.short_charge"]
    found = EXTRACTORS[row.key](plated(None, 1.5))
    assert found.outcome is Outcome.censored
    assert found.value == pytest.approx(1.5, rel=1e-3)
    # 1.5 is more than 0.5 ± 0.15; 0.3 excludes nothing
    assert judge(row, found).verdict is Verdict.missed
    early = EXTRACTORS[row.key](plated(None, 0.3))
    assert judge(row, early).verdict is Verdict.not_decidable


@pytest.mark.parametrize(("left", "holds"), [(1e-3, 1.0), (0.1, 0.0)])
def test_the_voltage_has_to_fall_below_a_tenth(left, holds):
    found = EXTRACTORS["O17.voltage_falls"](plated(0.5, 1.5, left=left))
    assert found.value == holds


def test_no_short_circuit_is_no_fall():
    assert EXTRACTORS["O17.voltage_falls"](plated(None, 1.5)).value == 0.0


def test_measured_records_tell_nothing_of_cracks():
    found = EXTRACTORS["O17.chips"](plated(0.5, 1.5))
    assert found.outcome is Outcome.not_decidable
    assert found.modelled


def virtual(cell, protocol, key):
    made = an.simulate(cell, protocol, instrument=Instrument(sampling=1.0).silent())
    return {key: analyse(made)}


def crack(**options):
    """A crack that grows at 0.3 V to 0.3 of the thickness, chips, and closes when at rest."""
    law = Crack(defect=0.01, toughness=1.0, rate=5e-5, close=200.0, **options)
    cell = an.Cell.preset("in-situ NaK50").replace(filament=law)
    protocol = an.protocols.to_capacity(-0.7, 0.1, voltage_limit=None)
    return cell, protocol


def test_a_law_without_chips_is_not_modelled():
    row = rows()["O17.chips"]
    found = EXTRACTORS[row.key](virtual(*crack(), "insitu_plate_0.7"))
    assert judge(row, found).verdict is Verdict.not_modelled


def test_a_chip_that_closes_at_rest_is_seen_and_one_under_current_not():
    cell, protocol = crack(chip=0.1)
    under = EXTRACTORS["O17.chips"](virtual(cell, protocol, "insitu_plate_0.7"))
    assert under.value == 0.0
    assert {one.definition: one.value for one in under.sensitivity} == {
        "only the chip before the short circuit": 1.0,
        "only the crack that gets shorter": 0.0,
    }
    rested = protocol + Protocol((Block("rest", (Rest(600.0),)),))
    found = EXTRACTORS["O17.chips"](virtual(cell, rested, "insitu_plate_0.7"))
    assert found.value == 1.0


def test_no_chip_is_no_chip():
    cell, protocol = crack(chip=0.99)
    found = EXTRACTORS["O17.chips"](virtual(cell, protocol, "insitu_plate_0.7"))
    assert found.value == 0.0
    assert "no chip" in found.message


@pytest.mark.parametrize(
    ("charge", "total", "holds"), [(None, 4.0, 1.0), (None, 3.9, 0.0), (2.0, 4.0, 0.0)]
)
def test_all_of_the_charge_without_a_short_circuit(charge, total, holds):
    made = plated(charge, total, current=-0.4, key="insitu_plate_0.4")
    assert EXTRACTORS["O18.no_short"](made).value == holds


def stairs(shares, volts=0.1):
    """Strip at four currents; |V| rises by these shares of its value, in proportion to time."""
    made = Record()
    made.block("staircase", "CP")
    for current, share in zip((0.2, 0.4, 0.7, 1.0), shares, strict=True):
        made.level(sequence=True)
        base = volts * current / 0.2
        made.hold(
            current * 1e-3 * AREA, 600.0,
            lambda t, b=base, s=share: b * (1.0 + s * np.clip((t - 10.0) / 590.0, 0.0, 1.0)), 1.0,
        )  # fmt: skip
    return {"insitu_strip": analyse(made.made().campaign)}


@pytest.mark.parametrize(
    ("shares", "current"),
    [((0.0, 0.1, 0.3, 0.8), 1.0), ((0.0, 0.1, 0.6, 0.8), 0.7), ((0.6, 0.1, 0.1, 0.1), 0.2)],
)
def test_the_first_current_with_a_rise_of_half(shares, current):
    found = EXTRACTORS["O19.unstable_current"](stairs(shares))
    assert found.value == current


def test_no_rise_is_not_found():
    found = EXTRACTORS["O19.unstable_current"](stairs((0.0, 0.1, 0.2, 0.4)))
    assert found.outcome is Outcome.not_found
    readings = {one.definition: one.value for one in found.sensitivity}
    assert readings["a rise of 25%"] == 1.0
    assert np.isnan(readings["a rise of 100%"])


def test_the_first_sample_of_the_next_current_is_no_rise():
    # a resistor: V triples from current to current, and does not rise at any
    made = an.simulate(
        an.Cell.preset("Na"), an.protocols.hold((0.1, 0.3, 0.9), 60.0),
        instrument=Instrument(sampling=1.0).silent(),
    )  # fmt: skip
    found = EXTRACTORS["O19.unstable_current"]({"insitu_strip": analyse(made)})
    assert found.outcome is Outcome.not_found
    assert all(np.isnan(one.value) for one in found.sensitivity)


def test_the_voltage_limit_counts_however_late_it_comes():
    found = EXTRACTORS["O19.unstable_current"](stairs((0.0, 0.0, 0.0, 0.01), volts=0.6))
    assert found.value == 1.0  # 0.6 V · 5 = 3 V


def test_a_series_resistance_hides_the_rise():
    fresh = analyse(paper.impedance_only(noise=1e-4).campaign, method="drttools")
    found = EXTRACTORS["O19.unstable_current"]({**stairs((0, 0, 0, 0.6)), "pristine50": fresh})
    readings = {one.definition: one.value for one in found.sensitivity}
    # 0.5 V at 1 mA/cm² rises by 0.3 V; with 0.9 V more it is 21 %
    assert np.isnan(readings["series resistance 1000 Ω·cm²"])
    assert readings["without iR"] == 1.0


def stripped(cell, hours=0.5):
    protocol = an.protocols.hold((0.2, 0.4), 1800.0 * hours, voltage_limit=3.0)
    return virtual(cell, protocol, "insitu_strip")


def test_the_liquid_loses_the_volume_of_the_stripped_sodium():
    campaigns = stripped(an.Cell.preset("in-situ NaK50"))
    state, cell = campaigns["insitu_strip"]["state"], an.Cell.preset("in-situ NaK50")
    # Faraday's law and the partial molar volume; what is stripped is all from the liquid
    molar = nak.molar_volumes(298.15)[0]
    lost = state["stripped"].values * 3.6 / FARADAY * molar * cell.area
    volume = state["liquid_volume"].values
    assert volume[0] == pytest.approx(cell.reservoir.volume, rel=1e-9)
    assert np.allclose(volume[0] - volume, lost, atol=1e-12)
    found = EXTRACTORS["O19.bubble_grows"](campaigns)
    assert found.value == 1.0  # 0.15 mAh/cm² are 1.3 µm


def test_a_little_charge_moves_less_than_a_voxel():
    found = EXTRACTORS["O19.bubble_grows"](stripped(an.Cell.preset("in-situ NaK50"), 0.1))
    assert found.value == 0.0


def test_voids_of_a_set_length_are_not_modelled_and_those_that_coarsen_are():
    row = rows()["O19.interface_unchanged"]
    cell = an.Cell.preset("in-situ NaK50")
    found = EXTRACTORS[row.key](stripped(cell, 0.1))
    assert judge(row, found).verdict is Verdict.not_modelled
    # ℓ³ = (1 µm)³ + rate · 360 s: 2 µm at 2e-14 cm³/s, 5 µm at 3.4e-13 cm³/s
    for rate, holds in ((2e-14, 1.0), (3.4e-13, 0.0)):
        coarse = cell.replace(pattern=Pattern(feature=1e-4, coarsening=rate))
        assert EXTRACTORS[row.key](stripped(coarse, 0.1)).value == holds


def test_measured_records_tell_nothing_of_the_liquid():
    for key in ("O19.bubble_grows", "O19.interface_unchanged"):
        found = EXTRACTORS[key](stairs((0, 0, 0, 0)))
        assert found.outcome is Outcome.not_decidable, key


def test_rest_alone_tells_nothing():
    made = Record()
    made.block("rest", "OCV")
    made.level()
    made.hold(0.0, 100.0, steady(1e-3), 1.0)
    bare = analyse(made.made().campaign)
    campaigns = {"insitu_plate_0.7": bare, "insitu_plate_0.4": bare, "insitu_strip": bare}
    for key in ("O17.short_charge", "O18.no_short", "O19.unstable_current"):
        assert EXTRACTORS[key](campaigns).outcome is Outcome.not_decidable, key
