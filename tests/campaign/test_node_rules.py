"""What must be true of a node's values."""

from __future__ import annotations

import re

import numpy as np
import pytest
from campaign_samples import campaign_of, drt_of, spectra_of, timeseries_of

from anodescope.campaign import Campaign, build_node, check
from anodescope.errors import Outcome, SchemaError


def refused(node: str, dataset: object, sentence: str) -> None:
    with pytest.raises(SchemaError, match=sentence) as caught:
        check(node, dataset)  # type: ignore[arg-type]
    assert re.fullmatch(r"Node .+\.", str(caught.value))


def test_good_nodes_pass() -> None:
    check(campaign_of().with_node("drt", drt_of(2, -40, 10)))


def test_time_runs_forward_and_may_stand_still() -> None:
    check("timeseries", build_node("timeseries", {"time": [0, 1, 1, 2]}))
    back = build_node("timeseries", {"time": [0, 2, 1]})
    refused("timeseries", back, "expected times in order, found 1 s after 2 s")
    for wrong in (np.nan, np.inf):
        refused("timeseries", build_node("timeseries", {"time": [0, wrong]}), "finite times")


@pytest.mark.parametrize("name", ["impedance", "frequency"])
def test_a_valid_point_has_values(name: str) -> None:
    spectra = spectra_of([3, 5])
    spectra[name][1, 4] = np.nan
    refused("spectra", spectra, "point 4 of spectrum 1 is marked valid")
    spectra["valid"][1, 4] = False
    check("spectra", spectra)


def test_the_electrode_is_cell_working_or_counter() -> None:
    spectra = spectra_of([2])
    spectra["electrode"][0] = "anode"
    refused("spectra", spectra, "expected electrode to be one of .*found 'anode'")


def test_outcomes_exist() -> None:
    for outcome in Outcome:
        drt = drt_of(1, 0, 3)
        drt["outcome"][0] = outcome.name
        check("drt", drt)
    drt["outcome"][0] = "fine"
    refused("drt", drt, "found 'fine'")
    validation = build_node(
        "validation",
        {"verdict": ["good"], "kk_residual": [0.1], "kk_elements": [3], "residual": [[0j]]},
    )
    refused("validation", validation, "expected verdict to be one of .*found 'good'")


@pytest.mark.parametrize("per_decade", [1, 3, 10, 33])
def test_a_lattice_anchored_at_one_second_passes(per_decade: int) -> None:
    check("drt", drt_of(1, -5 * per_decade - 1, 2 * per_decade, per_decade=per_decade))


@pytest.mark.parametrize(
    ("tau", "sentence"),
    [
        ([1.0, 10.0, 50.0], "uniformly in log10"),
        ([1.0, 1.0, 1.0], "uniformly in log10"),
        ([10.0, 1.0], "uniformly in log10"),
        ([2.0, 20.0], "anchored at 1 s"),
        ([-1.0, 1.0], "positive finite"),
        ([1.0, np.nan], "positive finite"),
        (10.0 ** (np.arange(3) / 2.5), "a whole number of them per decade"),
    ],
)
def test_other_lattices_are_errors(tau: list[float], sentence: str) -> None:
    drt = drt_of(1, 0, len(tau)).assign_coords(tau=("tau", np.asarray(tau), {"units": "s"}))
    refused("drt", drt, sentence)


def test_sources_stand_in_the_provenance_list_and_steps_in_their_node() -> None:
    series = timeseries_of(2).drop_vars("step")
    steps = build_node("steps", {"technique": ["OCV"], "time_start": [0], "time_end": [1]})
    provenance = [{"source": "a.mpr"}, {"step": "drt"}]
    units = series["time"].copy(data=[0.0, 0.0])

    def held(name: str, values: list[int]) -> Campaign:
        more = build_node("timeseries", {"time": units, name: values})
        return Campaign({"timeseries": more, "steps": steps}, {"provenance": provenance})

    check(held("source", [0, -1]))
    check(held("step", [0, -1]))
    for row in (1, 2):
        with pytest.raises(SchemaError, match=f"source {row} is no source file"):
            check(held("source", [0, row]))
    with pytest.raises(SchemaError, match="step 1 is no row of the steps node"):
        check(held("step", [0, 1]))
