"""The verb simulate: names and files, options, one sentence for what cannot be, all or nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest

import anodescope as an
from anodescope.cell.cell import Cell
from anodescope.cell.instrument import Instrument
from anodescope.cli.simulate import library, protocol_of
from anodescope.errors import Cancelled, SettingsError
from anodescope.protocol import protocols
from tests.cli.test_cli import run

SHORT = ("--set", "start=0.05", "--set", "stop=0.06", "--set", "points=8")


def test_a_preset_and_a_name_give_the_campaign_of_the_verb(capsys, tmp_path):
    out = tmp_path / "made" / "here"
    code, text, _ = run(capsys, "simulate", "NaK65", "staircase_geis", *SHORT, "--out", out)
    assert code == 0
    assert "4 steps, 2 spectra" in text
    stored = an.open_campaign(out / "campaign.zarr")
    same = an.simulate(Cell.preset("NaK65"), protocols.staircase_geis(0.05, 0.06, points=8))
    for name in ("voltage", "current"):
        np.testing.assert_array_equal(stored["timeseries"][name], same["timeseries"][name])
    assert sorted(item.name for item in out.iterdir()) == [
        "campaign.zarr", "cell.toml", "protocol.toml",
    ]  # fmt: skip


def test_the_files_that_it_writes_repeat_it(capsys, tmp_path):
    once, again = tmp_path / "once", tmp_path / "again"
    chosen = ("--seed", 3, "--noise")
    assert run(capsys, "simulate", "K", "hold", "--set", "current=-0.1", "--set", "duration=20",
               *chosen, "--out", once)[0] == 0  # fmt: skip
    assert run(capsys, "simulate", once / "cell.toml", once / "protocol.toml", *chosen,
               "--out", again)[0] == 0  # fmt: skip
    first, second = (
        an.open_campaign(place / "campaign.zarr")["timeseries"]["voltage"].values
        for place in (once, again)
    )
    np.testing.assert_array_equal(first, second)
    # Noise of the instrument's own size: twenty seconds at its sampling are 201 draws.
    silent = an.simulate(Cell.preset("K"), protocols.hold(-0.1, 20.0))["timeseries"]["voltage"]
    spread = np.std(first - silent.values)
    assert 0.8 < spread / Instrument().voltage_noise < 1.2


def test_json_says_what_happened(capsys, tmp_path):
    code, text, _ = run(
        capsys, "simulate", "NaK50", "hold", "--set", "current=0.1", "--set", "duration=36",
        "--out", tmp_path / "a", "--json",
    )  # fmt: skip
    told = json.loads(text)
    assert code == 0
    assert told["duration_s"] == 36.0
    assert told["stripped_mah_per_cm2"] == pytest.approx(1e-3, rel=1e-9)  # 0.1 mA/cm² for 36 s
    assert told["events"] == []


def test_mpt_files_are_read_back(capsys, tmp_path):
    out = tmp_path / "a"
    code, _, _ = run(
        capsys, "simulate", "NaK50", "rest_with_peis", "--set", "duration=35", "--set", "points=8",
        "--mpt", "--out", out,
    )  # fmt: skip
    assert code == 0
    back, made = an.read(out / "raw", area=0.3848), an.open_campaign(out / "campaign.zarr")
    np.testing.assert_allclose(back["spectra"]["impedance"], made["spectra"]["impedance"], 1e-12)


def test_an_event_is_told(capsys, tmp_path):
    code, text, _ = run(
        capsys, "simulate", "NaK65", "hold", "--set", "current=1.0", "--set", "duration=60",
        "--set", "voltage_limit=3.0", "--out", tmp_path / "a",
    )  # fmt: skip
    assert code == 0
    assert "The voltage reached its limit." in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("NaK50", "stair"), "Did you mean 'staircase'"),
        (("NaK50", "nothing.toml"), "there is no such file"),
        (("nothing.toml", "rest"), "expected --set duration"),
        (("nothing.toml", "rest", "--set", "duration=5"), "there is no such file"),
        (("Nak", "rest", "--set", "duration=5"), "there is no preset 'Nak'"),
        (("NaK5", "rest", "--set", "duration=5"), "expected a liquid"),
        (("NaK50", "rest"), "expected --set duration=VALUE"),
        (("NaK50", "rest", "--set", "duration"), "expected NAME=VALUE"),
        (("NaK50", "rest", "--set", "duratoin=5"), "Did you mean 'duration'"),
        (("NaK50", "rest", "--set", "duration=five"), "a value as in TOML"),
        (("NaK50", "rest", "--set", "duration=5\nother=1"), "expected one value"),
        (("NaK50", "rest", "--set", "duration=0"), "duration"),
        (("NaK50", "ccd", "--set", "currents=0.1"), "PROTOCOL ccd"),
        (("NaK50", "rest", "--set", "duration=nan"), "duration"),
    ],
)
def test_what_cannot_be_is_one_sentence(capsys, tmp_path, arguments, words):
    if arguments[0] == "nothing.toml" and len(arguments) == 2:
        arguments = ("NaK50", *arguments[1:])
    code, out, err = run(capsys, "simulate", *arguments, "--out", tmp_path / "a")
    assert (code, out) == (1, "")
    assert words in err
    assert err.startswith("anodescope: ")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_protocol_that_cannot_be_names_its_file(capsys, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text('unit = "V"\n', encoding="utf-8")
    code, _, err = run(capsys, "simulate", "NaK50", bad, "--out", tmp_path / "a")
    assert code == 1
    assert "bad.toml" in err


def test_options_beside_a_file_are_refused(tmp_path):
    with pytest.raises(SettingsError, match="says every value itself"):
        protocol_of(str(tmp_path / "p.toml"), ["duration=5"])


def test_an_earlier_simulation_is_replaced_only_when_asked(capsys, tmp_path):
    out = tmp_path / "a"
    order = ("simulate", "NaK50", "rest", "--set", "duration=5", "--out", out)
    assert run(capsys, *order, "--mpt")[0] == 0
    code, _, err = run(capsys, *order)
    assert code == 1
    assert "--overwrite" in err
    assert (out / "raw").is_dir()
    assert run(capsys, *order, "--overwrite")[0] == 0
    assert not (out / "raw").exists()


def test_what_is_not_its_own_is_never_replaced(capsys, tmp_path):
    (tmp_path / "thesis.tex").write_text("x", encoding="utf-8")
    code, _, err = run(
        capsys, "simulate", "NaK50", "rest", "--set", "duration=5", "--out", tmp_path, "--overwrite"
    )
    assert code == 1
    assert "thesis.tex" in err
    assert [item.name for item in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("fault", [Cancelled("stopped."), OSError(28, "No space left on device")])
def test_a_fault_while_writing_leaves_nothing(capsys, tmp_path, monkeypatch, fault):
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr("anodescope.campaign.Campaign.save", fail)
    code, _, err = run(
        capsys, "simulate", "NaK50", "rest", "--set", "duration=5", "--out", tmp_path / "a"
    )
    assert code == 1
    assert "stopped" in err or "No space left" in err
    assert list(tmp_path.iterdir()) == []


def test_the_whole_library_is_offered():
    assert {"rest", "hold", "ccd", "staircase_geis", "pulsed_stripping"} <= set(library())
    assert "levels" not in library()
