"""The public surface is frozen, and light: what a user did not ask for is not imported."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

import anodescope
from tools.hosts import ROOT

# A new public name is a decision: add it here, in `anodescope.__all__` and in CHANGELOG.md.
SURFACE = (
    "Campaign",
    "Cell",
    "Outcome",
    "Protocol",
    "ReadError",
    "Specimen",
    "Study",
    "analyse",
    "analyse_study",
    "constriction",
    "drt",
    "evaluate",
    "find_events",
    "open_campaign",
    "protocols",
    "read",
    "read_study",
    "recognise",
    "simulate",
    "track_peaks",
    "validate",
    "write_report",
)

# Each of these costs more than everything that `--help` needs.
HEAVY = ("xarray", "numba", "matplotlib", "zarr", "pandas", "scipy", "numpy")

REPORT = f"""
import json, sys
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""

HELP = """
import sys
sys.argv = ["anodescope", "--help"]
from anodescope.cli.main import main
try:
    main()
except SystemExit as end:
    if end.code not in (None, 0):
        raise
"""


def heavy_after(program: str) -> list[str]:
    """Return which heavy packages a fresh interpreter has imported after running `program`."""
    done = subprocess.run(
        [sys.executable, "-c", program + REPORT],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_the_surface_is_the_frozen_one() -> None:
    assert sorted(anodescope.__all__) == sorted(SURFACE)


@pytest.mark.parametrize("name", SURFACE)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    thing = getattr(anodescope, name)
    assert thing.__doc__


def test_every_public_name_is_on_its_page_of_the_documentation() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\.\. auto\w+:: (\w+)$", page, re.M)
    assert sorted(shown) == sorted(SURFACE)


def test_dir_shows_every_public_name() -> None:
    assert set(SURFACE) <= set(dir(anodescope))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        anodescope.no_such_name  # noqa: B018


def test_a_heavy_import_is_seen() -> None:
    assert "numpy" in heavy_after("import numpy")


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert heavy_after("import anodescope") == []


def test_help_imports_nothing_heavy() -> None:
    assert heavy_after(HELP) == []


def test_importing_a_ground_floor_module_imports_nothing_heavy() -> None:
    grounds = "import anodescope.names, anodescope.errors, anodescope.running, anodescope.citations"
    assert heavy_after(grounds) == []
