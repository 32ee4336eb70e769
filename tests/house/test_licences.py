"""Everything that anodescope needs at run time is permissive: see tools/licences.py."""

from __future__ import annotations

import pytest

from tools import licences


def test_every_package_needed_at_run_time_is_permissive(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert licences.main([]) == 0, capsys.readouterr().out


def test_the_walk_reaches_the_packages_of_packages_and_the_extras() -> None:
    everything, core = licences.required(), licences.required(extras=False)
    assert {"numpy", "numba", "llvmlite", "markupsafe"} <= set(core)
    assert {"pyarrow", "h5netcdf"} <= set(everything) - set(core)
    assert "pytest" not in everything
    assert "anodescope" not in everything


@pytest.mark.parametrize(
    "text",
    [
        "MIT",
        "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0",
        "BSD-2-Clause AND Apache-2.0 WITH LLVM-exception",
        "BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1",
        "Apache-2.0 OR BSD-2-Clause",
        "Python Software Foundation License",
        "ISC License (ISCL)",
        "MIT-CMU",
    ],
)
def test_permissive_licences_pass(text: str) -> None:
    assert licences.fault("some-package", text) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing"),
        ("GPL-3.0-only", "refused"),
        ("GNU General Public License v3 (GPLv3)", "refused"),
        ("MIT AND GPL-2.0-or-later", "refused"),
        ("AGPL-3.0", "refused"),
        ("GNU Lesser General Public License v3 (LGPLv3)", "weak copyleft"),
        ("LGPL-3.0-or-later", "weak copyleft"),
        ("MPL-2.0", "weak copyleft"),
        ("Our own licence, ask us", "unknown"),
        ("MIT AND Our-Own", "unknown"),
    ],
)
def test_other_licences_are_refused_with_a_reason(text: str, why: str) -> None:
    assert why in licences.fault("some-package", text)


def test_weak_copyleft_passes_only_when_listed_and_optional(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(licences, "OPTIONAL_LESSER", frozenset({"some-package"}))
    assert licences.fault("some-package", "LGPL-3.0-only", core=False) == ""
    assert licences.fault("some-package", "LGPL-3.0-only", core=True) != ""
    assert licences.fault("some-package", "GPL-3.0-only", core=False) != ""


def test_a_reviewed_row_stands_in_for_missing_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(licences, "REVIEWED", {"numpy": ("GPL-3.0-only", "a test")})
    assert licences.licence("numpy") == "GPL-3.0-only"
    assert licences.main([]) == 1
