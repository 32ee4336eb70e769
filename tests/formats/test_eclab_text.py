"""Names of linked EC-Lab files and of the loop files beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from anodescope.formats import eclab_text
from anodescope.formats.eclab_text import LinkedName, linked_name


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("run_02_GEIS_C05", LinkedName("run", 2, "GEIS")),
        ("run_02_GEIS_C05_LOOP", LinkedName("run", 2, "GEIS")),
        ("run_02_GEIS", LinkedName("run", 2, "GEIS")),
        ("multi_03_OCV_CA1", LinkedName("multi", 3, "OCV")),
        ("00_test_02_MB_C01", LinkedName("00_test", 2, "MB")),
        ("250116_kigr_gen6_01_01_GCPL_CD8", LinkedName("250116_kigr_gen6_01", 1, "GCPL")),
        ("run_10_gcpl2_C05", LinkedName("run", 10, "GCPL2")),
        ("run_02_FOO_C05", LinkedName("run", 2, "FOO")),  # a technique that we do not know
        ("run_02_FOO", None),
        ("sample_05_test", None),
        ("run_2_GEIS_C05", None),
        ("run_02_GEIS_C05_copy", None),
        ("cell_2024_01_15", None),
        ("_02_GEIS", None),
        ("run", None),
        ("", None),
    ],
)
def test_what_a_file_name_tells(stem, expected):
    assert linked_name(stem) == expected


def test_a_loop_file_belongs_to_the_file_whose_name_it_carries():
    assert eclab_text.belongs_to(Path("run_02_GEIS_C05_LOOP.txt")) == "run_02_GEIS_C05"
    assert eclab_text.belongs_to(Path("run_02_GEIS_C05.mpr")) == "run_02_GEIS_C05"


def test_every_real_name_is_understood(potentiostat):
    named = {path.stem: linked_name(path.stem) for path in potentiostat.rglob("*_C0*.*")}
    told = {stem: name.technique for stem, name in named.items() if name}
    assert told == {
        "LiLi_TEGDME_insitu_01_GCPL_C05": "GCPL",
        "LiLi_TEGDME_insitu_02_GEIS_C05": "GEIS",
        "LiLi_TEGDME_insitu_02_GEIS_C05_LOOP": "GEIS",
        "LiLi_TEGDME_insitu_03_GCPL_C05": "GCPL",
        "00_test_02_MB_C01": "MB",
    }
