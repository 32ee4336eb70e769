"""A real SIGKILL while another process writes: the store opens, whole, before and after."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from campaign_samples import campaign_of, same, spectra_of

from anodescope.campaign import Campaign, concatenate, open_campaign

HERE = Path(__file__).resolve().parent

SAVING = """
import sys; sys.path.insert(0, sys.argv[2])
from pathlib import Path
from campaign_samples import campaign_of
path = Path(sys.argv[1])
both = [campaign_of([3, 4], title="one"), campaign_of([5] * 9, seed=1, title="two")]
while True:
    for campaign in both:
        campaign.save(path, overwrite=path.exists())
        print("saved", flush=True)
"""

APPENDING = """
import sys; sys.path.insert(0, sys.argv[2])
from campaign_samples import spectra_of
from anodescope.campaign import append
for i in range(1, 10_000):
    append(sys.argv[1], "spectra", spectra_of([1 + i % 7, 2], seed=i))
    print("saved", flush=True)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


def kill_while(script: str, path: Path, delay: float) -> int:
    """Run a script, kill it `delay` s after its first success; return how often it succeeded."""
    command = [sys.executable, "-c", script, str(path), str(HERE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "saved\n"
        time.sleep(delay)
        process.kill()
        rest = process.stdout.read()
    assert process.returncode < 0
    return 1 + rest.count("saved")


def test_a_kill_while_saving_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "c.zarr"
    kill_while(SAVING, path, 0.25)
    found = open_campaign(path)
    one, two = campaign_of([3, 4], title="one"), campaign_of([5] * 9, seed=1, title="two")
    same(found, one if found.attrs["title"] == "one" else two)
    two.save(path, overwrite=True)
    assert [item.name for item in tmp_path.iterdir()] == ["c.zarr"]


def test_a_kill_while_appending_leaves_whole_appends(tmp_path: Path) -> None:
    path = tmp_path / "c.zarr"
    first = spectra_of([3, 4])
    Campaign({"spectra": first}).save(path)
    told = kill_while(APPENDING, path, 0.4)
    found = open_campaign(path)["spectra"]
    appends, half = divmod(found.sizes["spectrum"] - 2, 2)
    assert half == 0
    assert told <= appends <= told + 1
    pieces = [spectra_of([1 + i % 7, 2], seed=i) for i in range(1, appends + 1)]
    same(
        Campaign({"spectra": found}),
        Campaign({"spectra": concatenate("spectra", [first, *pieces])}),
    )
