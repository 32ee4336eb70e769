"""A study of raw folders and stored campaigns."""

from __future__ import annotations

import numpy as np

import anodescope as an
from tests.formats.test_read import hold, write


def test_raw_folders_and_stored_campaigns_stand_side_by_side(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        current = 0.3 if name == "a" else 0.6
        write(tmp_path / name / "run_01_CP_C01.mpt", "CP", hold(current=current))
    an.read(tmp_path / "b").save(tmp_path / "b.zarr")
    (tmp_path / "study.toml").write_text(
        '[[campaign]]\nname = "first"\npath = "a"\ncomposition = "NaK50"\n'
        'working_electrode = "alloy"\narea_cm2 = {alloy = 0.5}\nextra.rest_hours = 2\n'
        '[[campaign]]\nname = "second"\npath = "b.zarr"\ncomposition = "NaK65"\n'
    )
    study = an.read_study(tmp_path / "study.toml")
    assert list(study) == ["first", "second"]
    density = study["first"]["timeseries"]["current_density"].values
    np.testing.assert_allclose(density, 0.6e-3, rtol=1e-6)
    assert study["second"]["timeseries"].sizes["time"] == 20
    assert list(study.select(composition="NaK65")) == ["second"]
    assert [value for value, _ in study.group_by("composition")] == ["NaK50", "NaK65"]
