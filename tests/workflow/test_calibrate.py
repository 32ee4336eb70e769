"""The verb calibrate: what is written, what is taken over, what is refused; one real descent."""

from __future__ import annotations

import json
import tomllib

import numpy as np
import pytest

from anodescope.errors import Cancelled, SettingsError
from anodescope.inference.ensemble import Member
from anodescope.inference.fitting import Fit
from anodescope.inference.parameters import FREE, values_of
from anodescope.inference.structures import structures
from anodescope.running import Run
from anodescope.workflow import calibrate as room
from anodescope.workflow.calibrate import Start, calibrate, descent, fit_of, plain


def fit(key: str, cost: float) -> Fit:
    free = structures()[key].free
    return Fit(key, {one.path: one.value(0.1) for one in free}, cost, 1.0,
               {"O5.threshold": 0.5, "O5.completes": -2.5}, np.ones((2, len(free))),
               True)  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Start]:
    """Put quick stand-ins in the place of what takes minutes; return the starts that were made."""
    made: list[Start] = []

    def stand_in(start: Start) -> Fit:
        made.append(start)
        return fit(start.key, 3.0 - 0.5 * start.seed)

    monkeypatch.setattr(room, "descent", stand_in)
    monkeypatch.setattr(room, "descend", lambda bench, values, **_: fit("threshold", 1.0))
    members = [Member(values_of([0.2] * len(FREE)), 2.0, "draw 1")]
    monkeypatch.setattr(room, "drawn", lambda *_, **__: members)
    monkeypatch.setattr(room, "left_out", lambda *_: {"strip65": {"knee": 0.2}})
    return made


def test_what_is_written_says_what_was_found(asked, tmp_path) -> None:
    found = calibrate(tmp_path, starts=3, seed=4, score=False)
    assert [one.cost for one in found.fits] == [0.5, 1.0, 3.0]  # the best start first
    told = json.loads((tmp_path / "calibration.json").read_text(encoding="utf-8"))
    assert len(told["structures"]) == len(structures())
    assert {one["worst_row"] for one in told["structures"]} == {"O5.completes"}
    assert told["left_out"]["threshold"]["strip65"]["knee"] == 0.2
    fitted = {one["path"] for one in told["parameters"] if one["origin"] == "fitted"}
    assert fitted == {one.path for one in FREE}
    shipped = tomllib.loads((tmp_path / "calibrated.toml").read_text(encoding="utf-8"))
    assert shipped["seeds"] == [0, 4, 5]
    assert shipped["best"] == pytest.approx(dict(found.best.values), rel=1e-5)
    assert shipped["member"][0]["values"] == pytest.approx(dict(found.members[0].values), rel=1e-5)


def test_starts_that_are_there_are_taken_over(asked, tmp_path) -> None:
    calibrate(tmp_path, starts=2, compare=False, score=False)
    first = len(asked)
    calibrate(tmp_path, starts=3, compare=False, score=False)
    assert [one.seed for one in asked[first:]] == [2]


def test_a_start_that_is_broken_is_made_again(asked, tmp_path) -> None:
    calibrate(tmp_path, starts=1, compare=False, score=False)
    (tmp_path / "starts" / "threshold-0.json").write_text("{", encoding="utf-8")
    calibrate(tmp_path, starts=1, compare=False, score=False)
    assert [one.seed for one in asked] == [0, 0]


def test_an_interruption_keeps_the_starts_that_were_finished(asked, tmp_path) -> None:
    with pytest.raises(Cancelled):
        calibrate(tmp_path, starts=2, score=False, run=Run(cancelled=lambda: len(asked) > 1))
    assert (tmp_path / "starts" / "threshold-0.json").exists()
    assert not (tmp_path / "calibrated.toml").exists()


@pytest.mark.parametrize(("starts", "budget"), [(0, 1.0), (1, 0.0), (1, float("nan"))])
def test_no_start_or_no_budget_is_refused(starts, budget, tmp_path) -> None:
    with pytest.raises(SettingsError, match="budget"):
        calibrate(tmp_path, starts=starts, budget=budget)


def test_a_fit_comes_back_from_plain_values() -> None:
    one = fit("smooth", 2.0)
    again = fit_of(json.loads(json.dumps(plain(one))))
    assert plain(again) == plain(one)
    np.testing.assert_array_equal(again.slopes, one.slopes)


@pytest.mark.slow
def test_a_start_that_is_cut_short_still_gives_a_better_point_than_the_prior() -> None:
    made = descent(Start("threshold", 1, 20.0))
    middle = room.Bench(structures()["threshold"], room.QUICK)
    start = middle.vector(np.zeros(len(FREE)))
    assert made.total < 0.5 * float(start @ start)
