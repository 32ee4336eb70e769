"""Broken files: any truncation or mutation of a real file gives a Recording or one ReadError."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anodescope.campaign import Campaign
from anodescope.errors import ReadError, SettingsError
from anodescope.formats import bdf, delimited, eclab_text, gamry, inspect, mps, read, zplot
from anodescope.formats.recording import Recording
from tests.formats import biologic_files

BDF = b"Test Time / s,Voltage / V,Current / A,Unix Time / s,Step Type\n" + b"".join(
    b"%d,3.%d,0.1,%d,REST\n" % (k, k, 1_700_000_000 + k) for k in range(12)
)
QUOTED = b'"Time (s)","Current (mA)"\r\n' + b"".join(b'"%d","%d,5"\r\n' % (k, k) for k in range(9))

# Reader, real file (or bytes), how much of it, name that it is given.
CASES: dict[str, tuple[Callable[[Path], object], str | bytes, int, str]] = {
    "gamry": (gamry.read_all, "hybrid-drt/EISGALV_EISTest3.DTA", 10_000, "x.DTA"),
    "gamry-two": (gamry.read_all, "impedance.py/exampleDataGamry.DTA", 40_000, "x.DTA"),
    "zplot": (zplot.read, "impedance.py/exampleDataZPlot.z", 10_000, "x.z"),
    "eclab": (delimited.read, "hybrid-drt/PEIS_LPSCl_IonBlocking_-25C.txt", 4_000, "x.txt"),
    "bare": (delimited.read, "insitu-datalab/LiLi_TEGDME_insitu_03_GCPL_C05.txt", 900, "x.txt"),
    "quoted": (delimited.read, QUOTED, 1000, "x.csv"),
    "bdf": (bdf.read, BDF, 2000, "x.bdf.csv"),
    "mps": (mps.read_mps, "insitu-datalab/LiLi_TEGDME_insitu.mps", 10_000, "x.mps"),
    "loop": (
        eclab_text.read_loops,
        "insitu-datalab/LiLi_TEGDME_insitu_02_GEIS_C05_LOOP.txt",
        300,
        "x_LOOP.txt",
    ),
}
TOKENS = [b"\t", b"\n", b"\r", b",", b".", b"-", b'"', b"\0", b"\xff", b"\xb5", b"\x85", b"\x1c"]
TOKENS += [b"nan", b"inf", b"1e999", b"0x10", b"1_0", b"True", b" ", b"\t\t\t", b"9" * 25]
TOKENS += [b"TABLE\t99999999999", b"CURVE7\tTABLE\n", b"Freq(Hz)", b"Technique : 3\n"]
TOKENS += [b"NOTES\tNOTES\t3\n", b"DATE\tLABEL\t99/99/99\n", b"\xef\xbb\xbf", b"\n\tx\ty\n"]

MUTATION = st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from([*TOKENS, b""]))


def read_bytes(reader: Callable[[Path], object], data: bytes, name: str) -> object | None:
    """Read bytes as a file; None stands for a ReadError."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            return reader(path)
        except ReadError as error:
            assert str(path) in str(error)
            return None


def check(found: object | None) -> None:
    """Hold what was read to the promises of a Recording."""
    for recording in found if isinstance(found, tuple) else (found,):
        if isinstance(recording, Recording):
            assert {len(values) for values in recording.data.values()} == {recording.rows}
            assert list(recording.data) == [column.label for column in recording.columns]
            for column in recording.columns:
                if column.name:
                    assert recording.data[column.label].dtype.kind in "fiub"


@pytest.fixture(scope="module")
def originals(request) -> dict[str, bytes]:
    needed = any(isinstance(case[1], str) for case in CASES.values())
    folder = request.getfixturevalue("potentiostat") if needed else Path()
    return {
        key: (folder / data).read_bytes()[:size] if isinstance(data, str) else data
        for key, (_, data, size, _) in CASES.items()
    }


QUIET = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("case", CASES)
def test_the_originals_are_read(originals, case):
    reader, _, _, name = CASES[case]
    found = read_bytes(reader, originals[case], name)
    assert found is not None
    check(found)


@pytest.mark.parametrize("case", CASES)
@QUIET
@given(cut=st.floats(0, 1))
def test_a_file_cut_anywhere(originals, case, cut):
    reader, _, _, name = CASES[case]
    data = originals[case]
    check(read_bytes(reader, data[: int(cut * len(data))], name))


@pytest.mark.parametrize("case", CASES)
@QUIET
@given(mutations=st.lists(MUTATION, min_size=1, max_size=6))
def test_a_file_changed_anywhere(originals, case, mutations):
    reader, _, _, name = CASES[case]
    data = bytearray(originals[case])
    for where, length, token in mutations:
        start = int(where * len(data))
        data[start : start + length] = token
    check(read_bytes(reader, bytes(data), name))


@pytest.mark.parametrize("case", CASES)
@QUIET
@given(data=st.binary(max_size=400))
def test_any_bytes(case, data):
    reader, _, _, name = CASES[case]
    check(read_bytes(reader, data, name))


@pytest.mark.parametrize("case", ["gamry", "zplot", "eclab", "bare"])
def test_whole_rows_before_a_cut_are_kept(originals, case):
    reader, _, _, name = CASES[case]
    data = originals[case]
    lines = data.rstrip().split(b"\n")
    rows = len(lines) - 10
    whole = b"\n".join(lines[:rows]) + b"\n"
    cut = whole + lines[rows][: len(lines[rows]) // 2]
    a, b = read_bytes(reader, whole, name), read_bytes(reader, cut, name)
    first = [x[-1] if isinstance(x, tuple) else x for x in (a, b)]
    assert first[0].rows == first[1].rows > 0
    assert any("cut" in sentence for sentence in first[1].warnings)


# ----------------------------------------------------------------- through the verbs, whole files
# Real file, how much of it, name that it is given.
VERBS: dict[str, tuple[str, int, str]] = {
    "mpr-gcpl": ("bdf/GCPL-0.mpr", 1 << 20, "a_01_GCPL_C01.mpr"),
    "mpr-mb": ("navani/00_test_02_MB_C01.mpr", 1 << 20, "00_test_02_MB_C01.mpr"),
    "mpr-geis": (
        "insitu-datalab/LiLi_TEGDME_insitu_02_GEIS_C05.mpr",
        1 << 20,
        "LiLi_TEGDME_insitu_02_GEIS_C05.mpr",
    ),
    "mpt-peis": ("yadg/peis.mpt", 8000, "x.mpt"),
    "mpt-comma": ("yadg/mb.issue_95.de.mpt", 12_000, "x.mpt"),
    "mpt-impedance": ("impedance.py/exampleDataBioLogic.mpt", 9000, "x.mpt"),
    "gamry": ("impedance.py/exampleDataGamry.DTA", 40_000, "x.DTA"),
    "gamry-hybrid": ("hybrid-drt/EISGALV_EISTest3.DTA", 10_000, "x.DTA"),
    "zplot": ("impedance.py/exampleDataZPlot.z", 6000, "x.z"),
    "loop": (
        "insitu-datalab/LiLi_TEGDME_insitu_02_GEIS_C05_LOOP.txt",
        300,
        "LiLi_TEGDME_insitu_02_GEIS_C05_LOOP.txt",
    ),
    "mps": ("insitu-datalab/LiLi_TEGDME_insitu.mps", 10_000, "LiLi_TEGDME_insitu.mps"),
}
# What is read beside a file that holds no measurement of its own.
BESIDE = {"loop": "mpr-geis", "mps": "mpr-geis"}
HOT = re.compile(rb"MODULE|Nb header lines|started on|freq/Hz|time/s|TABLE|Technique : |Freq\(")
BYTES = st.one_of(
    st.binary(min_size=0, max_size=8),
    st.sampled_from(
        [b"\0" * 4, b"\xff" * 4, b"\x7f", b"nan\t", b"inf\t", b"1e300\t", b"XXX\t", *TOKENS]
    ),
)
# Which landmark of the file, how far behind it, how many bytes go, what comes in their place.
CHANGE = st.tuples(
    st.integers(0, 12), st.integers(0, 700), st.integers(0, 24), BYTES, st.booleans()
)


def spots(data: bytes) -> list[int]:
    """Places that matter: where modules, tables and dates start, and the end of the file."""
    return [0, *(match.start() for match in HOT.finditer(data)), max(len(data) - 700, 0)]


def changed(data: bytes, changes: list[tuple[int, int, int, bytes, bool]]) -> bytes:
    """Overwrite (same length) or replace bytes behind landmarks."""
    landmarks = spots(data)
    result = bytearray(data)
    for landmark, behind, length, new, over in changes:
        start = min(landmarks[landmark % len(landmarks)] + behind, len(result))
        result[start : start + (len(new) if over else length)] = new
    return bytes(result)


def through_the_verbs(data: bytes, name: str, beside: tuple[str, bytes] | None) -> None:
    """Read and inspect a folder with the file; only the two errors for people may come out."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(data)
        if beside:
            (Path(folder) / beside[0]).write_bytes(beside[1])
        for where in (folder, Path(folder) / name):
            try:
                assert isinstance(read(where), Campaign)
            except (ReadError, SettingsError) as error:
                assert str(error)
            try:
                entries = inspect([where])
            except ReadError as error:
                assert str(error)
            else:
                json.dumps(entries, allow_nan=False)


@pytest.fixture(scope="module")
def whole(request) -> dict[str, bytes]:
    folder = request.getfixturevalue("potentiostat")
    return {key: (folder / file).read_bytes()[:size] for key, (file, size, _) in VERBS.items()}


BRIEF = settings(QUIET, max_examples=20)


def neighbour(whole: dict[str, bytes], case: str) -> tuple[str, bytes] | None:
    return (VERBS[BESIDE[case]][2], whole[BESIDE[case]]) if case in BESIDE else None


@pytest.mark.parametrize("case", VERBS)
@BRIEF
@given(changes=st.lists(CHANGE, max_size=5), cut=st.one_of(st.just(1.0), st.floats(0, 1)))
def test_the_verbs_read_or_say_why(whole, case, changes, cut):
    data = changed(whole[case], changes)
    through_the_verbs(data[: int(cut * len(data))], VERBS[case][2], neighbour(whole, case))


@pytest.mark.parametrize("case", VERBS)
def test_the_verbs_read_the_originals(whole, case, tmp_path):
    (tmp_path / VERBS[case][2]).write_bytes(whole[case])
    beside = neighbour(whole, case)
    if beside:
        (tmp_path / beside[0]).write_bytes(beside[1])
    assert read(tmp_path).nodes
    assert [entry["error"] for entry in inspect([tmp_path])] == [""] * (2 if beside else 1)


# ------------------------------------------------ what mutations found, made small to stay found
NUMBERS = [4, 32, 37, 38, 77, 76]  # time, frequency, Re(Z), −Im(Z), voltage, current


@pytest.mark.parametrize("number", NUMBERS[1:])
def test_a_signalling_nan_is_a_nan(tmp_path, number):
    table = biologic_files.records(NUMBERS, 12)
    at = table.dtype.fields[f"c{number}"][1]
    raw = table.view(np.uint8).reshape(len(table), -1)
    raw[3, at : at + 4] = np.frombuffer(b"\x01\x00\xa0\x7f", np.uint8)
    through_the_verbs(biologic_files.mpr(NUMBERS, table), "x.mpr", None)


def test_unknown_columns_of_one_number_are_no_fault_of_ours():
    unknown = np.zeros(5, [("c4", "<f8"), ("a", "<f4"), ("b", "<f4")])
    unknown["c4"] = np.arange(5)
    through_the_verbs(biologic_files.mpr([4, 60000, 60000], unknown), "x.mpr", None)


@pytest.mark.parametrize("label", ["column_5", "column_ä b", "column_"])
def test_labels_that_look_like_our_own(label):
    rows = "".join(f"{k},{k},1,2\n" for k in range(5))
    through_the_verbs(f"Time/s,V,{label},{label}\n{rows}".encode(), "x.csv", None)
