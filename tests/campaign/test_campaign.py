"""The Campaign: final, never changed, only nodes of the glossary."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import xarray as xr
from campaign_samples import campaign_of, drt_of, same, spectra_of, timeseries_of

from anodescope.campaign import (
    SCHEMA_VERSION,
    Campaign,
    Study,
    default_rows,
    default_spectra,
    spectrum_points,
)
from anodescope.errors import SchemaError


@pytest.mark.parametrize("final", [Campaign, Study])
def test_subclassing_is_refused(final: type) -> None:
    with pytest.raises(TypeError, match=f"{final.__name__} is final"):
        type("Mine", (final,), {})


def test_at_most_ten_methods() -> None:
    own = [
        name
        for name, value in vars(Campaign).items()
        if (callable(value) or isinstance(value, property))
    ]
    assert len(own) <= 10, own


def test_with_node_and_with_attrs_leave_the_original_alone() -> None:
    one, twin = campaign_of(), campaign_of()
    two = one.with_node("drt", drt_of(2, 0, 5), {"step": "drt"}).with_attrs(title="two")
    same(one, twin)
    assert "drt" in two
    assert "drt" not in one
    assert (one.attrs["title"], two.attrs["title"]) == ("one", "two")


def test_what_a_campaign_hands_out_is_a_copy() -> None:
    one, twin = campaign_of(), campaign_of()
    one.attrs["provenance"].append("x")
    one.tree.attrs["provenance"].append("x")
    one.tree["drt"] = xr.DataTree()
    one["spectra"]["voltage"].attrs["units"] = "mV"
    one["spectra"].attrs["x"] = 1
    del one["spectra"]["voltage"]
    same(one, twin)


def test_what_a_campaign_was_made_from_may_change_afterwards() -> None:
    series, provenance = timeseries_of(3), [{"source": "a"}]
    one = Campaign({"timeseries": series}, {"provenance": provenance})
    series["voltage"].attrs["units"] = "mV"
    provenance.clear()
    assert one["timeseries"]["voltage"].attrs["units"] == "V"
    assert one.attrs["provenance"] == [{"source": "a"}]


def test_provenance_is_added_once() -> None:
    entry = {"step": "drt", "parameters": {"penalty": np.float64(1e-3)}}
    one = campaign_of().with_node("drt", drt_of(2, 0, 5), entry)
    two = one.with_node("drt", drt_of(2, 0, 9), [entry, {"step": "peaks"}])
    assert [e.get("step") for e in two.attrs["provenance"]] == [None, "drt", "peaks"]


def test_only_nodes_of_the_glossary() -> None:
    with pytest.raises(SchemaError, match=r"no node 'spectre'.* 'spectra'"):
        campaign_of().with_node("spectre", spectra_of([2]))
    wrong = timeseries_of(2)
    wrong["voltage"].attrs["units"] = "mV"
    with pytest.raises(SchemaError, match="voltage: expected the unit 'V'"):
        Campaign({"timeseries": wrong})


def test_trees_must_be_flat_and_their_root_bare() -> None:
    deep = xr.DataTree.from_dict({"timeseries": timeseries_of(2), "timeseries/a": xr.Dataset()})
    with pytest.raises(SchemaError, match="flat siblings, found 'a' below 'timeseries'"):
        Campaign(deep)
    with pytest.raises(SchemaError, match="attributes only, found the variable 'x'"):
        Campaign(xr.DataTree(xr.Dataset({"x": 1})))


def test_a_tree_goes_in_and_comes_out() -> None:
    one = campaign_of()
    same(Campaign(one.tree), one)
    same(pickle.loads(pickle.dumps(one)), one)


def test_nodes_stand_in_the_order_of_the_glossary() -> None:
    assert campaign_of().nodes == ("timeseries", "spectra")


def test_a_missing_node_is_a_sentence() -> None:
    with pytest.raises(SchemaError, match=r"no node 'drt'.* Known: timeseries, spectra"):
        campaign_of()["drt"]


def test_every_campaign_has_the_attributes_that_others_rely_on() -> None:
    attrs = Campaign().attrs
    assert attrs["working_electrode"] == attrs["current_sign"] == "unknown"
    assert attrs["provenance"] == attrs["warnings"] == []
    assert attrs["schema_version"] == SCHEMA_VERSION


def test_attributes_are_json() -> None:
    assert Campaign(attrs={"clock_offsets": {"x": np.int64(3)}}).attrs["clock_offsets"] == {"x": 3}
    with pytest.raises(SchemaError, match=r"root\.thing: expected text"):
        Campaign().with_attrs(thing=object())


def test_the_repr_says_what_is_there() -> None:
    text = repr(campaign_of())
    assert "'one'" in text
    assert "spectrum 2, point 5" in text


def test_valid_points_of_a_ragged_sweep() -> None:
    spectra = spectra_of([3, 5])
    frequency, impedance = spectrum_points(spectra, 0)
    assert frequency.shape == impedance.shape == (3,)
    assert np.array_equal(impedance, spectra["impedance"].values[0, :3])
    assert spectrum_points(spectra, 1)[0].size == 5


@pytest.mark.parametrize(
    ("electrodes", "rows"),
    [
        (["working", "cell", "counter", "cell"], [1, 3]),
        (["working", "counter", "working"], [0, 2]),
        (["counter"], [0]),
        ([], []),
    ],
)
def test_the_default_view_is_the_cell_else_the_working_electrode(
    electrodes: list[str], rows: list[int]
) -> None:
    spectra = spectra_of([2] * len(electrodes))
    for row, electrode in enumerate(electrodes):
        spectra["electrode"][row] = electrode
    assert default_rows(spectra).tolist() == rows
    shown = default_spectra(Campaign({"spectra": spectra}))
    xr.testing.assert_identical(shown, spectra.isel(spectrum=rows))
