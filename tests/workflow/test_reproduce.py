"""Reproduce: each experiment whole or not at all, nothing computed twice, rows judged as they are.

Only fast experiments of the paper are run here; the scoreboard itself is no test, because the cell
may miss what the paper saw.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import anodescope as an
from anodescope.cell import Cell
from anodescope.errors import AnodescopeError, Cancelled, Outcome, SettingsError, StoreError
from anodescope.inference.experiments import Experiment, experiments
from anodescope.inference.knockouts import Knockout
from anodescope.inference.observations import Computed, Judged, Reading, Verdict, judge, rows, tally
from anodescope.protocol import protocols
from anodescope.running import Run
from anodescope.workflow import reproduce_experiments as work
from anodescope.workflow import reproduce_parts, reproduce_write
from anodescope.workflow.reproduce import reproduce
from anodescope.workflow.reproduce_content import MARKED, content_of
from anodescope.workflow.reproduce_experiments import Choice, Task, carry_out, cell_for, tasks
from anodescope.workflow.reproduce_told import (
    TRIVIAL,
    counts,
    group_of,
    parameters,
    row_table,
    scoreboard,
    sensitivity,
    tally_table,
    worst_first,
)
from anodescope.workflow.scale import local_run

# Seconds of current and no sweep, or one sweep: less than half a second each.
FAST = ("pristine50", "pulse_0")


def tiny(folder, *, choice=None, cell=None, duration=10.0):
    one = Experiment("tiny", "none", "NaK50", protocols.hold(0.05, duration), "a short hold")
    return Task(one, cell or Cell.preset("NaK50"), choice or Choice(), folder / "tiny")


# cells


@pytest.mark.parametrize("name", ["NaK50", "NaK65", "in-situ NaK50", "Na", "K"])
def test_without_a_choice_the_cell_is_the_preset(name):
    assert cell_for(name).to_dict() == Cell.preset(name).to_dict()


@pytest.mark.parametrize("name", ["NaK65", "NaK80", "in-situ NaK50"])
def test_a_cell_of_the_user_lends_its_laws_and_the_liquid_stays(name):
    mine = Cell.preset("NaK50").replace(**{"layer.thickness": 3e-6, "electrolyte.thickness": 0.2})
    made = cell_for(name, mine)
    assert made.reservoir == Cell.preset(name).reservoir
    assert made.layer == mine.layer
    assert made.electrolyte == mine.electrolyte


@pytest.mark.parametrize("name", ["Na", "K"])
def test_solid_metals_stay_without_layer_and_loss(name):
    mine = Cell.preset("NaK50").replace(**{"electrolyte.thickness": 0.2})
    made, own = cell_for(name, mine), Cell.preset(name)
    assert (made.layer, made.loss, made.patches) == (None, None, 1)
    assert made.electrolyte.thickness == 0.2
    if name == "Na":
        assert (made.kinetics, made.deposit) == (own.kinetics, own.deposit)


def test_values_are_put_in_last():
    mine = Cell.preset("NaK50").replace(**{"layer.thickness": 3e-6})
    made = cell_for("NaK65", mine, {"layer.thickness": 4e-6})
    assert made.layer.thickness == 4e-6


# tasks and what they depend on


def test_every_experiment_is_one_task_and_the_longest_come_first(tmp_path):
    made = tasks(tmp_path, Choice())
    keys = [task.experiment.key for task in made]
    assert sorted(keys) == sorted(experiments())
    assert set(work.LONGEST) <= set(keys)
    assert tuple(keys[: len(work.LONGEST)]) == work.LONGEST
    assert len({task.folder for task in made}) == len(made)


def test_noise_of_an_experiment_does_not_depend_on_what_else_is_run():
    seeds = {(noise, key): work.seed_of(noise, key) for noise in range(5) for key in experiments()}
    assert len(set(seeds.values())) == len(seeds)
    assert work.seed_of(3, "ccd50") == seeds[3, "ccd50"]


def test_the_stamp_tells_everything_that_results_depend_on(tmp_path):
    base = tiny(tmp_path)
    others = [
        tiny(tmp_path, duration=11.0),
        tiny(tmp_path, cell=Cell.preset("NaK50").replace(**{"layer.thickness": 3e-6})),
        tiny(tmp_path, choice=Choice(method="auto")),
        tiny(tmp_path, choice=Choice(noise=0)),
        tiny(tmp_path, choice=Choice(noise=1)),
        tiny(tmp_path, choice=Choice(through_files=True)),
        replace(base, experiment=replace(base.experiment, sampling=0.2)),
        replace(base, experiment=replace(base.experiment, key="other")),
    ]
    stamps = [work.stamp_of(task) for task in (base, *others)]
    assert len(set(stamps)) == len(stamps)
    assert work.stamp_of(tiny(tmp_path / "elsewhere")) == stamps[0]


def test_another_instrument_is_another_result(tmp_path, monkeypatch):
    base = tiny(tmp_path)
    stamp = work.stamp_of(base)
    other = replace(base.experiment.instrument(), dwell=0.1)
    monkeypatch.setattr(Experiment, "instrument", lambda self, *, noise=False: other)
    assert work.stamp_of(base) != stamp


# one experiment


def test_what_is_up_to_date_is_not_computed_again(tmp_path):
    task = tiny(tmp_path)
    first = carry_out(task)
    assert (first.key, first.failed, first.kept) == ("tiny", "", False)
    before = (task.folder / "campaign.zarr" / "zarr.json").stat().st_mtime_ns
    assert carry_out(task).kept
    assert (task.folder / "campaign.zarr" / "zarr.json").stat().st_mtime_ns == before
    assert not carry_out(tiny(tmp_path, duration=12.0)).kept
    stored = an.open_campaign(task.folder / "campaign.zarr")
    assert float(stored["timeseries"]["time"].values[-1]) == 12.0


@pytest.mark.parametrize("left", ['{"stamp": 3}', "[]", "{", ""])
def test_a_damaged_note_means_once_more(tmp_path, left):
    task = tiny(tmp_path)
    carry_out(task)
    (task.folder / work.TOLD).write_text(left)
    assert not carry_out(task).kept
    assert carry_out(task).kept


def test_the_same_seed_gives_the_same_bits_and_another_does_not(tmp_path):
    def voltage(folder, seed):
        task = tiny(tmp_path / folder, choice=Choice(noise=seed))
        carry_out(task)
        return an.open_campaign(task.folder / "campaign.zarr")["timeseries"]["voltage"].values

    np.testing.assert_array_equal(voltage("a", 1), voltage("b", 1))
    assert (voltage("a", 1) != voltage("c", 2)).any()


def test_what_cannot_be_computed_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    def fails(*args, **options):
        raise AnodescopeError("No step however\nsmall settles.")

    monkeypatch.setattr(work, "simulate", fails)
    done = carry_out(tiny(tmp_path))
    assert done.failed == "No step however small settles."
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_earlier_folder(tmp_path, monkeypatch):
    carry_out(tiny(tmp_path))
    monkeypatch.setattr(work, "analyse", lambda *a, **k: (_ for _ in ()).throw(SettingsError("no")))
    assert carry_out(tiny(tmp_path, duration=12.0)).failed == "no"
    assert carry_out(tiny(tmp_path)).kept


def test_files_hold_what_was_measured_and_the_inside_is_put_beside(tmp_path):
    plan = protocols.staircase_geis(0.05, 0.06, points=8) + protocols.rest_with_peis(70.0, points=8)
    one = an.simulate(Cell.preset("NaK50"), plan)
    again = work.through_files(one, tmp_path / "raw")
    # As in EC-Lab: a file for the staircase, another for the sweeps at open circuit.
    assert [file.name.split("_")[2] for file in sorted((tmp_path / "raw").iterdir())] == [
        "GEIS", "PEIS",
    ]  # fmt: skip
    for node, name in (("timeseries", "voltage"), ("spectra", "impedance")):
        np.testing.assert_allclose(again[node][name], one[node][name], rtol=1e-12, atol=1e-13)
    # A file counts from its own start, which is the first point of the first sweep.
    gaps = [np.diff(campaign["timeseries"]["time"].values) for campaign in (one, again)]
    np.testing.assert_allclose(*gaps, atol=1e-9)
    assert again["state"].equals(one["state"])
    assert again.attrs["specimen"] == one.attrs["specimen"]


def test_rests_go_on_in_the_file_that_is_open():
    plan = protocols.pulsed_stripping(0.1, 1.0, 1.0, count=3)
    (told,) = work._by_technique(an.simulate(Cell.preset("NaK50"), plan)).attrs["provenance"]
    assert told == {"technique": "CP"}


# the whole


@pytest.fixture
def undrawn(monkeypatch):
    """No figures: they take most of the time, and what is on them does not matter here."""
    monkeypatch.setattr(reproduce_write, "sheets", lambda places, content, folder: [])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two experiments of the paper in a folder, and what the verb returned."""
    out = tmp_path_factory.mktemp("whole") / "out"
    return out, reproduce(out, only=FAST)


def test_the_folder_holds_all_that_is_promised(whole):
    out, made = whole
    listed = json.loads((out / "summary.json").read_text())["outputs"]
    assert sorted(item.name for item in out.iterdir()) == sorted([*listed, "campaigns"])
    assert sorted(item.name for item in (out / "campaigns").iterdir()) == sorted(FAST)
    for place in (out / "campaign.zarr", *(out / "campaigns" / key / "campaign.zarr"
                                           for key in FAST)):  # fmt: skip
        assert "findings" in an.open_campaign(place).nodes
    assert made.failed == {}


def test_only_rows_that_can_be_read_off_are_judged(whole):
    out, made = whole
    expected = [row.key for row in rows().values() if set(row.experiments) <= set(FAST)]
    assert [one.row.key for one in made.judged] == expected
    told = json.loads((out / "observations.json").read_text())
    assert [row["key"] for row in told["rows"]] == expected
    assert told["misses"] == [one.row.key for one in made.misses]
    assert sum(sum(group.values()) for group in told["tally"].values()) == sum(
        not one.row.trivial for one in made.judged
    )


def test_once_more_takes_everything_over_and_gives_the_same(whole, undrawn):
    out, _ = whole
    before = (out / "observations.json").read_bytes()
    again = reproduce(out, only=FAST)
    assert all(one.kept for one in again.done)
    assert (out / "observations.json").read_bytes() == before
    anew = reproduce(out, only=FAST, overwrite=True)
    assert not any(one.kept for one in anew.done)
    assert (out / "observations.json").read_bytes() == before


def test_the_page_is_complete_and_says_misses_before_the_scoreboard(whole):
    out, made = whole
    page = (out / "report.html").read_text()
    assert page.index('<h2 id="misses">') < page.index('<h2 id="scoreboard">')
    for one in made.judged:
        assert one.row.key in page
    # Nothing is fetched: pictures, style and script are in the page.
    assert "default-src 'none'" in page
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)


def test_tables_are_of_the_same_rows(whole):
    out, made = whole
    board = pd.read_csv(out / "tables" / "scoreboard.csv")
    assert sorted(board["row"]) == sorted(one.row.key for one in made.judged)
    numbers = pd.read_csv(out / "tables" / "parameters.csv")
    assert set(numbers["origin"]) <= {"given", "fitted", "set", "estimate", "known"}
    assert numbers["path"].nunique() == sum(
        (
            made.counts.fitted,
            made.counts.set,
            made.counts.estimate,
            made.counts.known,
            made.counts.given,
        )
    )


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"only": ["strip5"]}, "Did you mean .*'strip50'"),
        ({"only": FAST, "method": "none"}, "none"),
        ({"only": FAST, "cell_values": {"layer.thick": 1.0}}, "layer.thick"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_computed(tmp_path, options, word):
    with pytest.raises(SettingsError, match=word):
        reproduce(tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_what_no_reproduction_wrote_stays(tmp_path):
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(StoreError, match=r"report\.html"):
        reproduce(tmp_path, only=FAST)
    assert [item.name for item in tmp_path.iterdir()] == ["report.html"]


def test_results_of_an_analysis_are_not_replaced(tmp_path):
    task = tiny(tmp_path)
    carry_out(task)
    an.analyse(task.folder / "campaign.zarr", out=tmp_path / "out")
    with pytest.raises(StoreError, match="results of a campaign"):
        reproduce(tmp_path / "out", only=FAST)


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, undrawn):
    steps: list[int] = []

    def progress(stage, done, total):
        if stage == "experiments":
            steps.append(done)

    run = Run(progress=progress, cancelled=lambda: bool(steps))
    with pytest.raises(Cancelled, match="next run goes on"):
        reproduce(tmp_path, only=FAST, run=run)
    assert not (tmp_path / "summary.json").exists()
    kept = [one.key for one in reproduce(tmp_path, only=FAST).done if one.kept]
    assert len(kept) == 1


def test_one_that_fails_does_not_stop_the_others(tmp_path, monkeypatch, undrawn):
    honest = work.simulate

    def fails(cell, protocol, **options):
        if "spectra" in protocol.kinds or protocol.duration < 1000.0:
            raise AnodescopeError("it cannot be.")
        return honest(cell, protocol, **options)

    monkeypatch.setattr(work, "simulate", fails)
    made = reproduce(tmp_path, only=FAST)
    assert list(made.failed.values()) == ["it cannot be."]
    (lost,) = made.failed
    rest = [one for one in made.judged if lost in one.row.experiments]
    assert {one.verdict for one in rest} <= {Verdict.not_decidable}
    monkeypatch.setattr(work, "simulate", lambda *a, **k: fails(*a, **k) if False else _never())
    with pytest.raises(AnodescopeError, match="No experiment could be computed"):
        reproduce(tmp_path / "other", only=FAST)


def _never():
    raise AnodescopeError("it cannot be.")


# what is told


def judged_as(key, computed):
    return judge(rows()[key], computed)


NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@given(st.sampled_from(sorted(rows())), NUMBERS, NUMBERS, NUMBERS, st.sampled_from(Outcome))
def test_a_row_is_json_whatever_was_computed(key, value, low, other, outcome):
    computed = Computed(value, outcome, "so", (Reading("else", other),), low=low)
    told = row_table(judged_as(key, computed))
    json.dumps(told, allow_nan=False)
    assert told["computed"] == (value if math.isfinite(value) else None)


@given(st.lists(st.tuples(st.sampled_from(sorted(rows())), st.sampled_from(Verdict)), max_size=30))
def test_misses_stand_first_and_the_paper_s_order_stays(pairs):
    every = [Judged(rows()[key], Computed(1.0), verdict) for key, verdict in pairs]
    found = [one for one in worst_first(every) if not one.row.trivial]
    missed = [one.verdict is Verdict.missed for one in found]
    assert missed == sorted(missed, reverse=True)
    assert [one for one in found if one.verdict is Verdict.missed] == [
        one for one in every if one.verdict is Verdict.missed and not one.row.trivial
    ]
    assert list(scoreboard(every).get("row", [])) == [one.row.key for one in worst_first(every)]


def test_groups_are_those_of_the_tally():
    every = [judged_as(key, Computed(math.nan)) for key in rows()]
    told = tally_table(tally(every))
    for group, found in told.items():
        assert sum(found.values()) == sum(group_of(one) == group for one in every)
    assert sum(group_of(one) == TRIVIAL for one in every) == sum(one.row.trivial for one in every)


def test_a_number_that_cells_share_counts_once():
    cells = [Cell.preset(name) for name in ("NaK50", "NaK65", "Na")]
    total = counts(cells)
    paths = {row.path for cell in cells for row in cell.table()}
    assert total.fitted + total.set + total.estimate + total.known == len(paths)
    assert counts([*cells, *cells]) == total
    assert total.given == 0


def test_a_number_that_the_fit_did_not_find_is_not_called_fitted():
    shipped = Cell.preset("NaK50")
    mine = shipped.replace(**{"layer.thickness": 2.0 * shipped.layer.thickness})
    before, after = counts([shipped]), counts([mine])
    assert (after.fitted, after.given) == (before.fitted - 1, before.given + 1)
    # One cell that was given makes the number a given one, whatever others have.
    assert counts([shipped, mine]) == after
    table = parameters({"mine": mine}).set_index("path")["origin"]
    assert table["layer.thickness"] == "given"
    assert "given in place of calibrated ones" in after.sentence()
    assert "given" not in before.sentence()


def test_tables_of_other_definitions_have_words_where_there_is_no_number():
    readings = (Reading("one", math.nan), Reading("other", 0.0))
    number = judged_as("O5.threshold", Computed(0.6, sensitivity=readings))
    statement = judged_as("O5.completes", Computed(1.0, sensitivity=readings))
    table = sensitivity([number, statement])
    assert list(table["value"]) == ["none", "0", "none", "no"]
    assert list(table["as_defined"]) == ["0.6", "0.6", "yes", "yes"]


def test_what_lies_in_the_folder_from_another_run_is_told_and_stays(tmp_path, undrawn):
    for name in ("campaigns/other", "parts"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "parts" / "other.json").write_text("{}")
    made = reproduce(tmp_path, only=FAST)
    told = json.loads((tmp_path / "summary.json").read_text())
    assert told["left_over"] == list(made.left_over) == ["campaigns/other", "parts/other.json"]
    assert (tmp_path / "parts" / "other.json").exists()


# through files, and in processes


@pytest.mark.slow
def test_files_give_the_same_verdicts(tmp_path):
    """All experiments but the trains of hours, whose files are like those of the short ones."""
    keys = [key for key in experiments() if key not in ("pulse_2", "pulse_5", "pulse_10")]
    with local_run(processes=True) as run:
        direct = reproduce(tmp_path / "direct", only=keys, run=run)
        filed = reproduce(tmp_path / "filed", only=keys, through_files=True, run=run)
    assert direct.failed == filed.failed == {}
    assert {one.row.key: one.verdict for one in direct.judged} == {
        one.row.key: one.verdict for one in filed.judged
    }


@pytest.mark.slow
def test_processes_give_the_bits_of_the_serial_run(tmp_path, whole):
    out, _ = whole
    with local_run(2, processes=True) as run:
        reproduce(tmp_path, only=FAST, run=run)
    assert (tmp_path / "observations.json").read_bytes() == (out / "observations.json").read_bytes()


def test_an_experiment_without_a_train_has_no_figure_of_trains(tmp_path):
    made = reproduce(tmp_path, only=["pristine50"])
    assert list((tmp_path / "figures").iterdir()) == []
    assert list(made.campaigns) == ["pristine50"]


# parts


@given(
    st.lists(
        st.builds(
            Knockout, key=st.text(), change=st.text(), quantity=st.text(), unit=st.text(),
            before=st.floats(allow_infinity=False), before_outcome=st.sampled_from(Outcome),
            after=st.floats(allow_infinity=False), after_outcome=st.sampled_from(Outcome),
        )
    )
)  # fmt: skip
def test_what_a_process_computed_comes_back_through_json(made):
    text = json.dumps(reproduce_parts.plain(made), allow_nan=False)
    again = reproduce_parts.revived(Knockout, json.loads(text))
    assert list(map(repr, again)) == list(map(repr, made))


def test_a_part_is_kept_until_its_cells_change(tmp_path, monkeypatch):
    calls = []

    def counted(cells):
        calls.append(len(cells))
        return [{"key": "cure", "sentence": "so"}]

    monkeypatch.setattr(reproduce_parts, "PARTS", {"wetting": counted})
    cells = (Cell.preset("NaK50"),)
    part = reproduce_parts.Part("wetting", cells, tmp_path / "wetting.json")
    assert reproduce_parts.rows_of(part) == []
    assert not reproduce_parts.work(part).kept
    assert reproduce_parts.work(part).kept
    assert reproduce_parts.rows_of(part) == [{"key": "cure", "sentence": "so"}]
    other = replace(part, cells=(*cells, *cells))
    assert reproduce_parts.rows_of(other) == []
    assert not reproduce_parts.work(other).kept
    assert calls == [1, 2]


def test_published_values_reach_the_figures_from_the_rows_alone(whole):
    _, made = whole
    every = [judged_as(key, Computed(1.0)) for key in rows()]
    content = content_of(replace(made, judged=tuple(every)), {}, [])
    assert set(MARKED) <= set(rows())
    capacity = {mark.x: mark for mark in content.published["capacity"]}
    assert capacity[1.0].value == rows()["O11.rest_1"].published
    assert math.isnan(capacity[0.0].value)
    assert capacity[0.0].high == rows()["O11.rest_0"].high
    missed = sum(one.verdict is Verdict.missed and not one.row.trivial for one in every)
    assert len([text for text in content.misses if "the paper says" in text]) == missed
    assert f"O5.threshold: {judged_as('O5.threshold', Computed(1.0)).verdict.value}" in (
        content.told["strip50"].verdicts
    )
