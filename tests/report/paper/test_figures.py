"""The figures of the paper's campaign: what they draw is what they were handed."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import AxesImage

from anodescope.errors import SchemaError, SettingsError
from anodescope.inference.experiments import experiments
from anodescope.report.paper import (
    PAPER,
    Mark,
    PaperContent,
    Told,
    caption_of,
    draw,
    drawable,
    part_of,
)
from anodescope.report.paper.ccd import fig_1
from anodescope.report.paper.compositions import fig_s6
from anodescope.report.paper.insitu import charge, fig_2
from anodescope.report.paper.pulses import fig_4, loaded
from anodescope.report.paper.scan import fig_3, scan_figure, stages
from anodescope.report.paper.states import snapshot
from anodescope.report.stairs import staircase_block, stairs_of
from anodescope.report.tracks import tracks

CONTENT = PaperContent("A title")
PULSE = 1.0 / 3600.0  # mAh/cm² in a pulse of 1 s at 1 mA/cm²


def labelled(figure, text):
    """Return the axes whose label along y begins with a text."""
    return [axes for axes in figure.axes if axes.get_ylabel().startswith(text)]


def test_every_figure_names_experiments_that_exist_and_files_of_its_own():
    assert {key for one in PAPER for key in one.keys} <= set(experiments())
    names = [one.name for one in PAPER]
    assert len(set(names)) == len(names)


def test_figures_stand_in_the_papers_order():
    main = [one.title for one in PAPER if one.title.startswith(("Fig. 1", "Fig. 3:", "Fig. 4",
            "Fig. 5", "Fig. S"))]  # fmt: skip
    assert main == sorted(main)


def test_figures_can_be_sent_to_another_process():
    assert [one.name for one in pickle.loads(pickle.dumps(PAPER))] == [one.name for one in PAPER]


def test_only_what_was_run_is_drawn():
    assert drawable([]) == []
    assert [one.name for one in drawable(["strip65"])] == ["fig_s6", "fig_s6_waterfall"]
    assert [one.name for one in drawable(["pristine50"])] == []
    assert len(drawable(list(experiments()))) == len(PAPER)


def test_what_cannot_be_drawn_is_said_in_its_place(stripped):
    part = part_of(PAPER[0], {"ccd50": stripped}, CONTENT)
    assert part.picture.uri == ""
    assert "no critical-current test" in part.picture.caption


def test_a_caption_holds_the_papers_words_and_says_misses_before_what_is_met():
    told = {
        "ccd50": Told(
            "a test",
            ("1 h",),
            ("it shorted",),
            ("O4.a: met", "O6.c: not decidable", "O4.b: missed"),
        )
    }
    text = caption_of(PAPER[0], told)
    assert text.startswith("Computed.")
    assert "Assumed: 1 h. The paper: “it shorted”." in text
    assert "Verdicts: missed: O4.b; not decidable: O6.c; met: O4.a." in text
    spectra = next(one for one in PAPER if one.name == "fig_s2")
    assert "O4.b" not in caption_of(spectra, told)


@pytest.mark.parametrize("topic", ["capacities", ""])
def test_marks_of_an_unknown_topic_are_refused(topic):
    with pytest.raises(SettingsError, match="published values of capacity"):
        PaperContent("A title", published={topic: [Mark(1.0, 2.0)]})


def test_a_mark_of_an_unknown_kind_is_refused():
    with pytest.raises(SettingsError, match="kind of value, line or bound"):
        Mark(1.0, 2.0, kind="dot")


class TestStaircase:
    def test_the_voltage_over_the_current_is_that_of_the_holds(self, stripped):
        figure = fig_3({"strip50": stripped}, [Mark(50.0, 0.6, 0.55, 0.65), Mark(65.0, 0.15)])
        axes = labelled(figure, "Voltage")[1]
        stairs = stairs_of(stripped, staircase_block(stripped))
        hold = next(line for line in axes.lines if line.get_label() == "end of the hold")
        assert np.allclose(hold.get_xdata(), np.linspace(0.05, 1.0, 20))
        assert np.allclose(hold.get_ydata(), stairs.hold)
        # Only the mark of its own composition.
        marks = [line for line in axes.lines if line.get_label() == "published threshold"]
        assert [line.get_xdata()[0] for line in marks] == [0.6]

    def test_peaks_stand_at_the_current_of_their_sweep(self, stripped):
        axes = labelled(scan_figure(stripped), "R of a peak")[0]
        grain = next(track for track in tracks(stripped) if track.name == "γ_GB")
        line = next(one for one in axes.lines if "GB" in str(one.get_label()))
        assert np.allclose(line.get_xdata(), np.linspace(0.05, 1.0, 20))
        assert np.allclose(line.get_ydata(), grain.resistance[:20])

    def test_without_a_state_no_interface_is_drawn(self, stripped, stated):
        def drawings(figure):
            return [a for a in figure.axes for i in a.images if isinstance(i, AxesImage)]

        assert len(drawings(scan_figure(stripped))) == 0
        assert len(drawings(scan_figure(stated))) == 4

    def test_a_snapshot_is_the_last_state_not_later(self, stated):
        assert snapshot(stated, -1.0).time == 0.0
        assert snapshot(stated, 399.0).time == 0.0
        assert snapshot(stated, 400.0).time == 400.0
        last = snapshot(stated, 1e9)
        assert (last.time, last.filament, last.bulk) == (5000.0, 0.3, 0.59)
        assert np.all(last.deposit == 0.2)

    def test_stages_go_from_pristine_to_the_end_of_the_rest(self, stated):
        block = staircase_block(stated)
        found = stages(stated, block)
        assert [instant for _, instant in found] == sorted(instant for _, instant in found)
        assert found[0] == ("pristine", block.start)
        assert "1\u2009" not in found[1][0]
        assert "at 1 " in found[2][0]
        assert "15 h of rest" in found[3][0]

    def test_an_area_is_needed(self, stripped):
        with pytest.raises(SchemaError, match="area_cm2"):
            scan_figure(stripped.but(specimen={}))

    def test_a_staircase_is_needed(self, stripped):
        with pytest.raises(SchemaError, match="no staircase"):
            scan_figure(stripped.but(protocol=None))

    def test_a_drt_is_needed(self, stripped):
        with pytest.raises(SchemaError, match="no sweep has a distribution"):
            scan_figure(stripped.but(drt=None))


class TestPulses:
    @pytest.mark.parametrize("key", ["pulse_1", "transient"])
    def test_pulses_end_at_whole_charges_and_their_highest_voltage(self, runs, key):
        campaign = runs[key]
        passed, volts = loaded(campaign)
        count = {"pulse_1": 6, "transient": 5}[key]
        assert len(passed) == count
        assert np.allclose(passed, PULSE * np.arange(1, count + 1), rtol=1e-6)
        assert volts.max() == pytest.approx(np.nanmax(campaign["timeseries"]["voltage"]), rel=1e-9)

    def test_a_train_without_rest_is_one_curve(self, runs):
        passed, _ = loaded(runs["pulse_0"])
        assert len(passed) > 4
        assert passed[-1] == pytest.approx(4 * PULSE, rel=0.01)

    def test_published_values_stand_beside_the_computed_ones(self, runs):
        marks = [Mark(1.0, 2.0, 1.4, 2.6), Mark(0.0, 40.0, kind="line", label="theoretical")]
        keys = ("pulse_0", "pulse_1", "transient")
        figure = fig_4({key: runs[key] for key in keys}, marks)
        axes = labelled(figure, "Critical stripping capacity")[0]
        heights = [line.get_ydata()[0] for line in axes.lines if line.get_marker() == "s"]
        assert heights == [2.0]
        assert any(np.all(np.array(line.get_ydata()) == 40.0) for line in axes.lines)
        assert "theoretical" in [text.get_text() for text in axes.texts]

    def test_a_record_that_ended_before_the_limit_is_a_bound(self, runs):
        figure = fig_4({"pulse_1": runs["pulse_1"]})
        axes = labelled(figure, "Critical stripping capacity")[0]
        assert "at least" in axes.get_legend_handles_labels()[1]

    def test_trains_are_needed(self, stripped):
        with pytest.raises(SchemaError, match="no train of pulses"):
            fig_4({"pulse_1": stripped})


class TestCompositions:
    def test_what_came_after_the_last_sweep_belongs_to_the_picture(self, stripped):
        samples = stripped["timeseries"]
        last = samples.isel(time=[-1]).assign_coords(time=samples["time"][[-1]] + 600.0)
        longer = xr.concat([samples, last.assign(voltage=("time", [3.0]))], "time")
        figure = fig_s6({"strip65": stripped.but(timeseries=longer)})
        drawn = labelled(figure, "Voltage (V)")[0]
        line = max(drawn.lines, key=lambda one: len(one.get_xdata()))
        assert line.get_ydata()[-1] == pytest.approx(3.0)
        assert line.get_xdata()[-1] <= drawn.get_xlim()[1] * (1 + 1e-9)


class TestCriticalCurrent:
    def test_every_current_has_a_map(self, runs):
        figure = fig_1({"ccd50": runs["ccd50"]}, [Mark(0.0, 0.4)])
        maps = [axes for axes in figure.axes if any(t.get_text() == "plate" for t in axes.texts)]
        assert len(maps) == 2
        lower = labelled(figure, "i (")[0]
        assert any(np.all(np.array(line.get_ydata()) == -0.4) for line in lower.lines)

    def test_another_protocol_is_refused(self, stripped):
        with pytest.raises(SchemaError, match="no critical-current test"):
            fig_1({"ccd50": stripped})


class TestInSitu:
    def test_the_charge_is_the_integral_of_the_current(self, runs):
        time, passed, _ = charge(runs["insitu_plate_0.7"])
        assert passed[-1] == pytest.approx(-0.01, rel=1e-3)
        assert np.allclose(passed, -0.7 * time / 3600.0, atol=1e-6)

    def test_a_charge_reached_without_a_short_circuit_is_marked_too(self, runs):
        marks = [Mark(0.7, 0.5, 0.35, 0.65), Mark(0.4, 4.0, kind="bound")]
        figure = fig_2({"insitu_plate_0.7": runs["insitu_plate_0.7"]}, marks)
        axes = labelled(figure, "−Voltage")[0]
        assert "published at 0.4: none before" in axes.get_legend_handles_labels()[1]
        assert 4.0 in [float(line.get_xdata()[0]) for line in axes.lines if len(line.get_xdata())]

    def test_the_published_short_circuit_is_marked(self, runs):
        figure = fig_2({"insitu_plate_0.7": runs["insitu_plate_0.7"]}, [Mark(0.7, 0.5, 0.35, 0.65)])
        axes = labelled(figure, "−Voltage")[0]
        assert "published at 0.7: short circuit" in axes.get_legend_handles_labels()[1]

    def test_one_experiment_of_them_is_needed(self):
        with pytest.raises(SchemaError, match="in situ cell"):
            fig_2({})


def test_a_figure_is_handed_the_marks_of_its_topic(stripped):
    one = next(one for one in PAPER if one.name == "fig_3")
    content = PaperContent("A title", published={"threshold": [Mark(50.0, 0.7, 0.6, 0.8)]})
    axes = labelled(draw(one, {"strip50": stripped, "other": stripped}, content), "Voltage")[1]
    assert 0.7 in [line.get_xdata()[0] for line in axes.lines]
