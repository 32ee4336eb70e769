"""The paper's protocols: its numbers, and what contradicts itself."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.errors import SettingsError
from anodescope.protocol import Ends, procedures
from anodescope.protocol import library as protocols
from anodescope.protocol.steps import Hold, Ramp, Repeat, Sweep


def test_the_staircase_of_the_paper():
    protocol = protocols.staircase_geis()
    (found,) = protocol.parameters
    assert protocol.blocks[0].count == 96
    assert (found["start"], found["stop"]) == (0.05, 1.0)
    assert found["step"] == pytest.approx(0.01)
    assert (found["hold"], found["sweep"]) == (5.0, 35.0)
    assert protocol.duration == 96 * 40.0
    sweep = protocol.blocks[0].steps[1]
    assert isinstance(sweep, Sweep)
    assert (sweep.f_max, sweep.f_min, sweep.amplitude) == (7e6, 5.0, 5e-6)
    charge = protocol.phases()
    assert float(charge.current @ charge.duration) / 3600 < 1.0  # "less than 1 mAh/cm² in all"


def test_plating_staircases_fall_from_zero():
    (found,) = protocols.staircase_geis(-0.05, -1.0).parameters
    assert found["step"] == pytest.approx(-0.01)


def test_the_ccd_alternates_and_rises():
    phases = protocols.ccd(sweep=None).phases()
    assert phases.current.tolist() == [0.05, -0.05, 0.1, -0.1, 0.2, -0.2, 0.4, -0.4]
    assert protocols.ccd(sweep=None, strip_first=False).phases().current[0] == -0.05
    assert protocols.ccd().duration == 8 * 3600.0
    assert protocols.ccd(rest=60.0).duration == 8 * 3660.0
    assert "ASSUMED" in (protocols.ccd.__doc__ or "")


def test_pulses_end_at_the_capacity_at_the_latest():
    protocol = protocols.pulsed_stripping(capacity=12.0)
    (block,) = protocol.blocks
    assert block.count == 12 * 3600
    assert isinstance(block.steps[0], Repeat)
    assert protocols.pulsed_stripping(rest=0.0, capacity=1.0).kind == "constant_current"
    assert protocols.pulsed_stripping(rest=0.0, capacity=1.0).duration == 3600.0


def test_the_rest_of_the_paper_is_15_hours_of_sweeps():
    protocol = protocols.rest_with_peis()
    assert protocol.duration == pytest.approx(15 * 3600)
    assert protocol.blocks[0].count == 54000 // 35
    (found,) = protocols.rest_with_peis(3600.0, 600.0).parameters
    assert (found["every"], found["sweep"], found["count"]) == (600.0, 35.0, 6)


def test_hold_is_one_current_or_a_staircase():
    assert protocols.hold(0.25, 7200.0).kind == "constant_current"
    assert protocols.hold([0.25], 7200.0).kind == "constant_current"
    assert protocols.hold().kind == "staircase"
    assert protocols.cycling(0.1, 1800.0, 5, sweep=35.0).blocks[0].count == 10


def test_protocols_follow_each_other():
    both = protocols.staircase_geis() + protocols.rest_with_peis()
    assert both.kinds == ("staircase_geis", "rest_with_peis")
    assert both.kind == "several"
    assert both.duration == pytest.approx(96 * 40 + 54000)
    assert np.all(np.diff(both.phases().time_start) > 0)
    with pytest.raises(SettingsError, match="cannot be joined"):
        both + both.absolute(0.385)


def charge(block):
    """Charge of a block (mAh/cm²), as a magnitude."""
    phases = block.phases()
    return abs(float(phases.current @ phases.duration)) / 3600.0


def test_every_procedure_of_the_paper_is_there():
    found = procedures()
    assert [found[f"pulsed_{t}s"].blocks[0].duration for t in ("0.1", "1", "2", "5", "10")] == [
        pytest.approx(144000 * (1.0 + rest)) for rest in (0.1, 1.0, 2.0, 5.0, 10.0)
    ]
    assert found["pulsed_0s"].kind == "constant_current"
    for name in ("sgeis_strip", "sgeis_plate", "potassium_plating"):
        assert found[name].kinds[1] == "rest_with_peis"
        assert found[name].blocks[1].duration == pytest.approx(15 * 3600)
    assert found["sgeis_plate"].parameters[0]["stop"] == -1.0
    assert charge(found["strip_to_capacity"].blocks[0]) == pytest.approx(20.0)
    assert charge(found["potassium_plating"].blocks[0]) == pytest.approx(0.2)
    assert charge(found["in_situ_plating_0.4"].blocks[0]) == pytest.approx(4.0)
    for size in (0.4, 0.7):
        (step,) = found[f"in_situ_plating_{size}"].blocks[0].steps
        assert (step.current, step.limits.short, step.limits.ends) == (-size, True, Ends.PROTOCOL)
    assert found["in_situ_staircase"].phases().current.tolist() == [0.2, 0.4, 0.7, 1.0]
    assert found["ccd"].parameters[0]["currents"] == [0.05, 0.1, 0.2, 0.4]
    assert found["sodium_ccd"].parameters[0]["currents"][15] == pytest.approx(3.2)
    assert found["spectrum"].kind == "impedance_only"
    for protocol in found.values():
        assert type(protocol).from_toml(protocol.to_toml()) == protocol


def test_the_cut_off_acts_in_sweeps_as_in_holds():
    steps = protocols.staircase_geis().blocks[0].steps
    assert {step.limits.voltage for step in steps} == {3.0}
    (sweeps, rest) = protocols.to_capacity(0.1, 0.2, sweep=35.0).blocks[0].steps
    assert sweeps.steps[0].limits.voltage == rest.limits.voltage == 3.0
    assert isinstance(rest, Hold)


def test_a_ramp_and_spectra_are_there_too():
    (step,) = protocols.ramp(0.0, 1.0, 60.0).blocks[0].steps
    assert step == Ramp(0.0, 1.0, 60.0, 3.0)
    assert protocols.spectra(3).blocks[0].count == 3
    assert protocols.spectra(3).phases().size == 3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: protocols.ccd([0.1]), "two or more"),
        (lambda: protocols.ccd([0.2, 0.1]), "rising"),
        (lambda: protocols.ccd([-0.1, 0.2]), "above zero"),
        (lambda: protocols.ccd(half_cycle=10.0), "does not fit"),
        (lambda: protocols.ccd(rest=-1.0), "not below zero"),
        (lambda: protocols.staircase_geis(0.05, -1.0), "one sign"),
        (lambda: protocols.staircase_geis(0.0, 1.0), "one sign"),
        (lambda: protocols.staircase_geis(0.1, 0.1), "leads from"),
        (lambda: protocols.staircase(0.1, 1.0, 2.0), "does not fit"),
        (lambda: protocols.staircase(0.1, 1.0, 0.0), "leads from"),
        (lambda: protocols.hold([0.1, 0.3, 0.2]), "rise or fall"),
        (lambda: protocols.hold([]), "at least one"),
        (lambda: protocols.pulsed_stripping(rest=-1.0), "not below zero"),
        (lambda: protocols.pulsed_stripping(0.0), "not zero"),
        (lambda: protocols.pulsed_stripping(count=0), "whole number"),
        (lambda: protocols.rest_with_peis(3600.0, 10.0), "does not fit"),
        (lambda: protocols.rest_with_peis(10.0), "or more"),
        (lambda: protocols.cycling(0.1, 100.0, 0), "whole number"),
        (lambda: protocols.rest(float("nan")), "finite"),
        (lambda: protocols.to_capacity(0.25, -1.0), "above zero"),
        (lambda: protocols.to_capacity(0.0), "not zero"),
        (lambda: protocols.to_capacity(1.0, 0.001, sweep=35.0), "does not fit"),
        (lambda: protocols.ramp(0.5, 0.5, 60.0), "use a Hold"),
        (lambda: protocols.spectra(0), "whole number"),
    ],
)
def test_contradictory_settings_are_one_sentence(make, words):
    with pytest.raises(SettingsError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)
