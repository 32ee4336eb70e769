"""Sweeps are never glued and never torn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.formats import biologic, mpr, mpt, sweeps
from anodescope.formats.recording import Recording


def recording(frequency, *, starts=None, **columns):
    data = {
        "freq/Hz": np.asarray(frequency, float),
        "Re(Z)/Ohm": np.ones(len(frequency)),
        "-Im(Z)/Ohm": np.ones(len(frequency)),
        **{label: np.asarray(values, float) for label, values in columns.items()},
    }
    return Recording(
        path=Path("made"),
        reader="test",
        technique="PEIS",
        columns=tuple(biologic.column_for(label) for label in data),
        data=data,
        sweep_starts=None if starts is None else np.array(starts),
    )


@settings(max_examples=100, deadline=None)
@given(
    lengths=st.lists(st.integers(3, 12), min_size=1, max_size=6),
    up=st.booleans(),
    rests=st.booleans(),
)
def test_looped_sweeps_without_any_mark_are_split_where_they_restart(lengths, up, rests):
    pieces, expected, at = [], [], 0
    for length in lengths:
        sweep = np.logspace(6, -1, length)
        rest = [0.0] * (2 if rests else 0)
        pieces += [*rest, *(sweep[::-1] if up else sweep)]
        expected.append(np.arange(at + len(rest), at + len(rest) + length))
        at += len(rest) + length
    found = sweeps.split(recording(pieces))
    assert [piece.tolist() for piece in found] == [piece.tolist() for piece in expected]


def test_every_row_with_a_frequency_belongs_to_exactly_one_sweep(potentiostat):
    for name in (
        "yadg/geis.mpr",
        "aurora/PEIS.mpr",
        "insitu-datalab/LiLi_TEGDME_insitu_02_GEIS_C05.mpr",
    ):
        read = mpr.read(potentiostat / name)
        rows = np.concatenate(sweeps.split(read))
        np.testing.assert_array_equal(rows, np.flatnonzero(read.get("frequency") > 0))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("yadg/geis.mpr", 61),
        ("yadg/geis.mpt", 61),
        ("insitu-datalab/LiLi_TEGDME_insitu_02_GEIS_C05.mpr", 45),
        ("insitu-datalab/LiLi_TEGDME_insitu-prerun_C05.mpr", 1),
        ("aurora/PEIS.mpr", 4),
        ("yadg/ocv.mpr", 0),
    ],
)
def test_real_files(potentiostat, name, count):
    reader = mpr if name.endswith("mpr") else mpt
    assert len(sweeps.split(reader.read(potentiostat / name))) == count


def test_loop_indices_and_cycle_numbers_cut_too():
    same = np.full(6, 100.0)
    assert len(sweeps.split(recording(same, starts=[0, 2, 4]))) == 3
    assert len(sweeps.split(recording(same, **{"cycle number": [1, 1, 1, 2, 2, 2]}))) == 2
    assert len(sweeps.split(recording(same))) == 1


def test_a_repeated_or_slightly_disordered_frequency_tears_nothing():
    frequency = [1e4, 3e3, 3e3, 1e3, 1.01e3, 3e2, 1e2, 3e1]
    assert len(sweeps.split(recording(frequency))) == 1


def test_electrodes_of_a_three_electrode_file(potentiostat):
    read = mpr.read(potentiostat / "yadg/geis.mpr")
    rows = np.concatenate(sweeps.split(read))
    kinds = dict(sweeps.electrodes(read, rows))
    assert list(kinds) == ["cell", "working", "counter"]
    z = {kind: sweeps.impedance_of(read, prefix)[rows] for kind, prefix in kinds.items()}
    scale = np.abs(z["cell"]).max()
    np.testing.assert_allclose(z["cell"], z["working"] + z["counter"], atol=1e-6 * scale)


def test_plain_columns_are_the_cells_unless_a_counter_electrode_was_recorded():
    rows = np.arange(4)
    two = recording(np.logspace(3, 0, 4))
    three = recording(np.logspace(3, 0, 4), **{"<Ece>/V": np.full(4, 0.3)})
    assert sweeps.electrodes(two, rows) == (("cell", "impedance"),)
    assert sweeps.electrodes(three, rows) == (("working", "impedance"),)


def test_grids_are_numbered_within_the_last_digits():
    base = np.logspace(6, 0, 7)
    table = np.stack([base, base * (1 + 3e-7), np.r_[base[:-1], np.nan], base * 1.01, base])
    np.testing.assert_array_equal(sweeps.grids(table), [0, 0, 1, 2, 0])


def test_modulus_and_phase_give_the_same_impedance_as_the_parts(potentiostat):
    read = mpr.read(potentiostat / "yadg/peis.mpr")
    z = sweeps.impedance_of(read, "impedance")
    polar = read.get("impedance_modulus") * np.exp(1j * read.get("impedance_phase"))
    np.testing.assert_allclose(z, polar, rtol=1e-6)
    assert z[0].imag < 0  # −Im(Z) is positive in the file: capacitive


@pytest.mark.parametrize(
    ("frequency", "marks", "lengths"),
    [
        ([1e3, 1.0] * 4, {}, [2, 2, 2, 2]),
        ([1e3, 1.0] * 3, {"Ns": [0, 0, 1, 1, 2, 2]}, [2, 2, 2]),
        ([10.0] * 5, {"Ns": [0, 1, 2, 3, 4]}, [1, 1, 1, 1, 1]),
        ([10.0] * 5, {}, [5]),
        ([1e4, 1e3, 1e2, 10.0], {"Ns": [0, 0, 1, 1]}, [4]),  # one sweep in two ranges
        ([1e3, 1e2, 10.0], {"cycle number": [np.nan] * 3}, [3]),
    ],
)
def test_short_and_marked_sweeps(frequency, marks, lengths):
    assert [len(piece) for piece in sweeps.split(recording(frequency, **marks))] == lengths


@pytest.mark.parametrize("turns", [2, 3, 4])
def test_sweeps_that_go_down_and_up_in_turn_are_told_apart(turns):
    down = np.logspace(6, 0, 31)
    parts = [down if k % 2 == 0 else down[::-1] for k in range(turns)]
    found = sweeps.split(recording(np.concatenate(parts)))
    assert [len(piece) for piece in found] == [31] * turns
    shared = np.concatenate([parts[0], *(part[1:] for part in parts[1:])])
    found = sweeps.split(recording(shared))  # the turning point was measured once
    assert [len(piece) for piece in found] == [31] + [30] * (turns - 1)


def test_a_counter_electrode_at_the_noise_is_not_connected():
    rows = np.arange(4)
    noise = recording(np.logspace(3, 0, 4), **{"<Ece>/V": [1e-4, -2e-4, 3e-4, 0.0]})
    assert sweeps.electrodes(noise, rows) == (("cell", "impedance"),)


def test_under_ewe_ece_control_the_cell_is_in_its_own_columns():
    data = {"Re(Zwe-ce)/Ohm": np.full(4, 5.0), "-Im(Zwe-ce)/Ohm": np.full(4, 1.0)}
    both = recording(np.logspace(3, 0, 4), **data, **{"<Ece>/V": np.full(4, 0.2)})
    kinds = dict(sweeps.electrodes(both, np.arange(4)))
    assert list(kinds) == ["cell", "working"]
    np.testing.assert_allclose(sweeps.impedance_of(both, kinds["cell"]), 5.0 - 1.0j)


def test_of_two_columns_with_one_meaning_a_row_takes_the_one_that_was_measured():
    mixed = recording(
        [0.0, 0.0, 1e3, 10.0],
        **{"Ewe/V": [3.0, 3.1, 0.0, 0.0], "<Ewe>/V": [0.0, 0.0, 3.7, 3.8]},
    )
    np.testing.assert_allclose(mixed.get("voltage"), [3.0, 3.1, 3.7, 3.8])
