"""Contact, its size and the pressure behind it: limits, scaling laws, and what is said of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.cell import Cell
from anodescope.contact.liquid import NAK, Liquid
from anodescope.contact.maps import gaussian_field
from anodescope.contact.wetting import PRESSURES
from anodescope.errors import SettingsError
from anodescope.inference import wetting_walls
from anodescope.inference.wetting import (
    Answer,
    Cure,
    cure,
    ensemble_cells,
    sentences,
    wetting,
    wetting_sentence,
)
from anodescope.inference.wetting_face import (
    NOTHING,
    Face,
    Performance,
    face_of,
    perform,
    perform_all,
    share_of,
    with_face,
)
from anodescope.inference.wetting_walls import (
    Needed,
    Wall,
    open_pressure,
    pressure_for,
    wall,
    walls,
)
from anodescope.running import Run


@pytest.fixture(scope="module")
def cell():
    return Cell.preset("NaK50")


# the share of a layer


def test_wide_contacts_conduct_by_their_area():
    # A thousand thicknesses wide: the flux that spreads past an edge is 0.44 thicknesses of it
    # (limits.thin_slab), and a Gaussian field has less than two edges per correlation length.
    field = gaussian_field((64, 64), fraction=0.3, correlation=1.0, pixel=0.125, seed=2)
    share = share_of(np.asarray(field), 0.125, 1e-3)
    assert field.mean() <= share <= field.mean() + 2 * 0.4413 * 1e-3


def test_narrow_contacts_do_not_count():
    # What a slab pays for contacts is (feature/κ)·f: in thicknesses it goes to zero with them.
    field = np.asarray(gaussian_field((64, 64), fraction=0.3, correlation=1.0, pixel=0.125, seed=2))
    lost = [1.0 / share_of(field, 0.125, ratio) - 1.0 for ratio in (100.0, 1000.0)]
    assert lost[1] < 0.02
    assert lost[0] == pytest.approx(10.0 * lost[1], rel=1e-3)


@given(
    st.floats(0.05, 0.95), st.floats(1e-2, 1e2), st.integers(0, 5),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_a_share_lies_between_its_contact_and_one(fraction, ratio, seed):
    field = np.asarray(
        gaussian_field((32, 32), fraction=fraction, correlation=1.0, pixel=0.25, seed=seed)
    )
    # The solver's own tolerance is 1e-6 of the potential.
    assert field.mean() - 1e-5 <= share_of(field, 0.25, 1.0 / ratio) <= 1.0


def test_nothing_and_everything():
    assert share_of(np.zeros((4, 4), bool), 1.0, 1.0) == 0.0
    assert share_of(np.ones((4, 4), bool), 1.0, 1.0) == 1.0


def test_more_contact_conducts_more_and_finer_contact_too(cell):
    # The fields are cuts through one field: the smaller contact lies inside the larger one.
    by_contact = [face_of(cell, part, 1e-5).share for part in (0.1, 0.3, 0.6, 0.9, 1.0)]
    by_feature = [face_of(cell, 0.3, length).share for length in (1e-7, 1e-6, 1e-5, 1e-4)]
    assert by_contact == sorted(by_contact)
    assert by_contact[-1] == 1.0
    assert by_feature == sorted(by_feature, reverse=True)


def test_only_the_feature_beside_the_layer_counts(cell):
    thicker = cell.replace(**{"layer.thickness": 3.0 * cell.layer.thickness})
    assert face_of(thicker, 0.2, 3e-5).share == pytest.approx(face_of(cell, 0.2, 1e-5).share)


@pytest.mark.parametrize(("contact", "feature"), [(0.0, 1e-4), (1.1, 1e-4), (0.5, 0.0), (0.5, 2.0)])
def test_a_face_that_cannot_be(cell, contact, feature):
    with pytest.raises(SettingsError, match="expected"):
        face_of(cell, contact, feature)


# the cell with another contact


def test_the_same_face_is_the_same_cell(cell):
    face = face_of(cell, cell.deposit.contact, 1e-4)
    assert with_face(cell, face, face) == cell


def test_limiting_current_goes_with_the_share_and_recovery_stays(cell):
    before, full = face_of(cell, cell.deposit.contact, 1e-3), face_of(cell, 1.0, 1e-3)
    changed = with_face(cell, full, before)
    gain = 1.0 / before.share
    np.testing.assert_allclose(changed.numbers().kappa, gain * cell.numbers().kappa)
    np.testing.assert_array_equal(changed.numbers().tau, cell.numbers().tau)
    assert changed.deposit.contact == 1.0 or gain * cell.deposit.contact < 1.0


def test_a_face_that_carries_more_does_the_same_at_more_current(cell):
    # With bulk, electrolyte and constriction scaled along, nothing but the unit of current changes.
    bare = cell.replace(pattern=None)
    before, full = Face(0.5, 1e-3, 0.5, 0.0), Face(1.0, 1e-3, 1.0, 0.0)
    twice = with_face(bare, full, before).replace(**{
        "reservoir.volume": 2.0 * bare.reservoir.volume,
        "electrolyte.bulk": 0.5 * bare.electrolyte.bulk,
        "electrolyte.grain_boundary": 0.5 * bare.electrolyte.grain_boundary,
    })  # fmt: skip
    one, two = perform(bare), perform(twice, 2.0)
    # The march's steps follow from voltages, which are equal: only rounding differs.
    assert two.threshold == pytest.approx(2.0 * one.threshold, rel=1e-3)
    assert two.corrected == pytest.approx(2.0 * one.corrected, rel=1e-3)
    assert two.ended == pytest.approx(2.0 * one.ended)
    assert two.gamma == pytest.approx(0.5 * one.gamma, rel=1e-2)


def test_losing_contact_costs(cell):
    before = face_of(cell, cell.deposit.contact, 1e-4)
    half = face_of(cell, 0.5 * cell.deposit.contact, 1e-4)
    now, less = perform_all(cell, [(before, before), (half, before)])
    assert less.threshold < now.threshold
    assert less.charge < now.charge
    assert less.gamma > now.gamma


def test_faces_that_are_alike_are_computed_once_and_no_contact_is_no_cell(cell):
    asked = []

    def counted(function, items):
        items = list(items)
        asked.append(len(items))
        return map(function, items)

    face, none = face_of(cell, 1.0, 1e-4), Face(0.0, math.nan, 0.0, math.inf)
    found = perform_all(cell, [(face, face), (none, face), (face, face)], Run(map=counted))
    assert asked == [1]
    assert found[0] is found[2]
    assert found[1] == NOTHING


def test_a_cell_without_a_layer_is_refused(cell):
    with pytest.raises(SettingsError, match="layer"):
        face_of(cell.replace(layer=None), 0.5, 1e-4)


def test_a_share_of_nothing_and_a_constriction_beyond_the_electrolyte_are_refused(cell):
    before = face_of(cell, cell.deposit.contact, 1e-4)
    with pytest.raises(SettingsError, match="share"):
        with_face(cell, replace(before, share=0.0), before)
    with pytest.raises(SettingsError, match="bulk"):
        with_face(cell, face_of(cell, 1.0, 1e-4), replace(before, constriction=1e6))


# walls


def test_a_wetting_liquid_touches_every_wall_at_every_pressure(cell):
    found, needed = walls(cell, roughness=(2e-4,), angles=(60.0,))
    assert [one.face.contact for one in found] == [1.0] * len(wetting_walls.SHOWN)
    assert needed[0].calibrated == needed[0].full == 0.0


def test_contact_grows_with_pressure_and_falls_with_angle(cell):
    found, needed = walls(cell, roughness=(1e-4,), angles=(135.0, 150.0))
    table = {(w.angle, w.pressure): w.face.contact for w in found}
    loads = sorted(wetting_walls.SHOWN)
    for angle in (135.0, 150.0):
        of_it = [table[angle, load] for load in loads]
        assert of_it == sorted(of_it)
    assert all(table[150.0, load] <= table[135.0, load] for load in loads)
    assert set(PRESSURES) <= set(loads)
    # What is needed lies where the shown contacts pass it.
    for one in needed:
        for load in loads:
            touched = table[one.angle, load]
            assert (touched >= cell.deposit.contact) == (load >= one.calibrated)


def test_a_wall_is_the_same_every_time():
    np.testing.assert_array_equal(wall(1e-4), wall(1e-4))


def test_walls_without_roughness_or_angle_are_refused(cell):
    with pytest.raises(SettingsError, match="at least one"):
        walls(cell, angles=())


def test_the_pressure_for_a_fraction():
    loads, fractions = np.array([1e3, 1e4, 1e5]), np.array([0.1, 0.3, 0.9])
    assert pressure_for(loads, fractions, 0.3) == pytest.approx(1e4)
    assert pressure_for(loads, fractions, 0.6) == pytest.approx(10**4.5)
    assert pressure_for(loads, fractions, 0.05) == 0.0
    assert pressure_for(loads, fractions, 0.95) == math.inf


def test_pores_that_stay_open():
    assert open_pressure(Liquid(0.15, 180.0), 1e-4) == pytest.approx(4 * 0.15 / 1e-6)
    assert open_pressure(Liquid(0.15, 80.0), 1e-4) == 0.0
    assert open_pressure(NAK, 1e-5) == pytest.approx(10 * open_pressure(NAK, 1e-4))


# what is said


def done(threshold, **other):
    values = {"corrected": 0.9 * threshold, "ended": 2 * threshold, "charge": 10.0, "gamma": 50.0}
    return Performance(threshold, **{**values, **other})


def answered(lower: float) -> Answer:
    def at(pressure, contact):
        return Wall(1e-4, 150.0, pressure, Face(contact, math.nan, contact, 0.1), True), done(
            contact
        )

    one = Cure(0.2, done(0.6), done(3.0), done(0.61), ((50.0, done(0.6), done(3.0)),
               (80.0, NOTHING, done(math.nan, ended=0.4))))  # fmt: skip
    faces = tuple((Face(part, 1e-4, part, 0.1), done(part)) for part in (0.2, 1.0))
    needed = (Needed(1e-4, 150.0, 0.0, 3e5), Needed(2e-4, 150.0, 2e4, math.inf))
    return Answer(0.2, 7e-6, faces, (at(1e5, lower), at(1e7, 1.0)), needed, one, 7.4e6)


def test_the_verdict_turns_with_what_the_lower_pressure_leaves():
    assert "does not explain that contact at either end" in sentences(answered(0.8))["verdict"]
    assert "can be what limits" in sentences(answered(0.1))["verdict"]


def test_sentences_hold_their_numbers():
    told = sentences(answered(0.8))
    assert told["cure"] == wetting_sentence(answered(0.8).cure)
    assert "from 0.60 to 3.00 mA/cm²" in told["cure"]
    assert "NaK80 none (3 V on the first stair) → above 0.40" in told["cure"]
    assert "less than 1 kPa to 20 kPa (99 % at 300 kPa to more than 10 MPa)" in told["condition"]
    assert "at 0.1 MPa 0.80 is touched" in told["pressure"]
    assert "at 10 MPa 1.00 is touched" in told["pressure"]
    assert "0.20 to 1.00 at 1000 nm" in told["threshold"]


def test_the_range_over_an_ensemble_is_said_where_there_is_one():
    one = answered(0.8).cure
    assert "fit alike" not in wetting_sentence(one)
    other = replace(one, members=((0.1, done(0.6), done(4.0)), (0.4, done(0.5), done(1.2))))
    assert "contact now is 0.1 to 0.4" in wetting_sentence(other)
    assert "full contact 1.2 to 4 mA/cm²" in wetting_sentence(other)


def test_rows_are_plain_numbers():
    answer = answered(0.8)
    assert set(answer.face_rows()[0]) == {
        "contact", "feature", "share", "constriction", "threshold", "corrected", "ended", "charge",
        "gamma",
    }  # fmt: skip
    assert answer.wall_rows()[0]["contact"] == 0.8
    assert answer.needed_rows()[0] == {
        "rms": 1e-4, "angle": 150.0, "calibrated": 0.0, "full": 3e5,
    }  # fmt: skip


def test_an_answer_of_few_faces(cell):
    answer = wetting(cell, contacts=(1.0,), features=(1e-4,), roughness=(1e-4,), angles=(60.0,))
    contacts = [face.contact for face, _ in answer.faces]
    assert contacts == sorted({cell.deposit.contact, 1.0})
    # A wall that is touched all over and a face in full contact differ by the feature alone.
    full, wetted = answer.faces[-1][1], answer.walls[-1][1]
    assert wetted.charge == pytest.approx(full.charge, rel=0.05)
    assert answer.layer_pressure == open_pressure(NAK, cell.layer.thickness)


def test_members_are_cells_of_the_preset_with_other_numbers(cell):
    for one in ensemble_cells():
        assert one.reservoir == cell.reservoir
        assert one.layer is not None


@pytest.mark.slow
def test_full_contact_of_wide_features_beats_that_of_narrow_ones(cell):
    found = cure(cell)
    assert found.wide.ended >= found.narrow.ended >= found.now.ended
    assert found.wide.gamma <= found.narrow.gamma <= found.now.gamma
