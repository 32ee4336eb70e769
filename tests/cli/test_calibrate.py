"""The verb calibrate on the command line: arguments, outline, JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from anodescope.cli import calibrate as verb
from anodescope.inference.fitting import Fit
from anodescope.inference.structures import structures
from anodescope.workflow.calibrate import Calibration
from tests.cli.test_cli import run


def found(residual: float) -> Calibration:
    free = structures()["threshold"].free
    best = Fit("threshold", {one.path: one.value(0.0) for one in free}, 2.0, 1.0,
               {"O5.threshold": residual, "O13.reached": 0.1}, np.zeros((2, len(free))),
               True)  # fmt: skip
    return Calibration(best, (best,), (), (), (), {"threshold": {}}, 1.0)


@pytest.mark.parametrize(("residual", "words"), [
    (3.0, "Beyond tolerance by the quick measurements (in halves of it): O5.threshold (+3.0)."),
    (1.0, "Every fit row is within its tolerance by the quick measurements."),
])  # fmt: skip
def test_what_is_missed_is_said_first(capsys, monkeypatch, tmp_path, residual, words) -> None:
    monkeypatch.setattr(verb, "calibrate", lambda *_, **__: found(residual))
    code, text, _ = run(capsys, "calibrate", "--out", tmp_path / "out", "--workers", 1)
    assert code == 0
    assert text.splitlines()[0] == words


def test_json_holds_the_same(capsys, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(verb, "calibrate", lambda *_, **__: found(1.0))
    code, text, _ = run(capsys, "calibrate", "--out", tmp_path, "--json", "--workers", 1)
    assert code == 0
    assert json.loads(text)["residuals"] == {"O5.threshold": 1.0, "O13.reached": 0.1}


def test_no_start_is_a_mistake_in_use(capsys, tmp_path) -> None:
    assert run(capsys, "calibrate", "--out", tmp_path, "--starts", 0)[0] == 2


def test_no_budget_is_one_sentence(capsys, tmp_path) -> None:
    code, _, error = run(capsys, "calibrate", "--out", tmp_path, "--budget", 0, "--workers", 1)
    assert code == 1
    assert "budget" in error
