"""What a node may hold: names, dimensions, types and units come from the glossary."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from campaign_samples import spectra_of, timeseries_of
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.campaign import build_node, check
from anodescope.campaign.schema import DTYPES, FILL, coerce
from anodescope.errors import SchemaError
from anodescope.names import GLOSSARY, Variable, nodes

ROWS = pytest.mark.parametrize("row", GLOSSARY, ids=lambda row: f"{row.node}.{row.name}")


@ROWS
def test_every_row_of_the_glossary_can_be_built(row: Variable) -> None:
    shape = tuple(range(2, 2 + len(row.dims)))
    values = np.full(shape, FILL[row.kind], DTYPES[row.kind])
    if row.name in row.dims:
        values = np.arange(1.0, 3.0)
    variable = build_node(row.node, {row.name: values})[row.name]
    assert variable.dims == row.dims
    assert variable.dtype == DTYPES[row.kind]
    assert variable.attrs.get("units", "") == row.unit
    assert variable.attrs["long_name"] == row.meaning
    assert variable.attrs.get("sign", "") == row.sign
    assert (row.name in variable.coords) == (row.dims == (row.name,))


def test_the_unit_is_set_by_the_schema_and_not_by_what_an_array_brings() -> None:
    current = xr.DataArray([1.0, 2.0], dims="time", attrs={"units": "mA"})
    assert "units" not in (current.drop_attrs() * 1e-3).attrs
    built = build_node("timeseries", {"time": [0, 1], "current": current * 1e-3})
    assert built["current"].attrs["units"] == "A"


@pytest.mark.parametrize("units", ["mV", "", None])
def test_a_wrong_or_lost_unit_is_an_error(units: str | None) -> None:
    series = timeseries_of(3)
    series["voltage"].attrs = {} if units is None else {"units": units}
    with pytest.raises(SchemaError, match=r"timeseries, variable voltage: expected the unit 'V'"):
        check("timeseries", series)


def test_a_unit_where_there_is_none_is_an_error() -> None:
    series = timeseries_of(3)
    series["step"].attrs["units"] = "s"
    with pytest.raises(SchemaError, match="variable step: expected the unit ''"):
        check("timeseries", series)


def test_an_unknown_variable_names_node_variable_and_near_misses() -> None:
    with pytest.raises(SchemaError, match=r"timeseries has no variable 'voltag'.* 'voltage'"):
        build_node("timeseries", {"voltag": [1.0]})


def test_an_unknown_node_names_near_misses() -> None:
    with pytest.raises(SchemaError, match=r"no node 'spectrum'.* 'spectra'"):
        build_node("spectrum", {})


def test_wrong_dimensions_are_errors() -> None:
    with pytest.raises(SchemaError, match=r"expected dimensions .*found shape \(3,\)"):
        build_node("spectra", {"frequency": [1.0, 2.0, 3.0]})
    with pytest.raises(SchemaError, match="variable time: expected 3 along point as in frequency"):
        build_node("spectra", {"frequency": np.ones((2, 3)), "time": np.ones((2, 4))})
    turned = spectra_of([3, 3]).transpose("point", "spectrum")
    with pytest.raises(SchemaError, match="expected dimensions"):
        check("spectra", turned)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("voltage", ["1.0"]),
        ("voltage", [1j]),
        ("voltage", [True]),
        ("step", [0.5]),
        ("step", [np.nan]),
        ("step", np.array([2**63], np.uint64)),
        ("overload", [2]),
    ],
)
def test_values_that_a_type_cannot_hold_are_refused(name: str, values: object) -> None:
    with pytest.raises(SchemaError, match=f"timeseries, variable {name}: expected"):
        build_node("timeseries", {name: values})  # type: ignore[dict-item]


def test_text_is_text_only() -> None:
    for values in ([1.0], [None], ["a", 1]):
        with pytest.raises(SchemaError, match="expected variable-length text"):
            build_node("steps", {"technique": np.array(values, object)})
    for values in (np.array(["é"]), np.array(["é"], object), np.array([], float)):
        assert build_node("steps", {"technique": values})["technique"].dtype == DTYPES["str"]


@settings(deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_integers_survive_the_coercion(values: list[int]) -> None:
    assert coerce(values, "int", "here").tolist() == values


def test_another_width_of_a_type_is_an_error() -> None:
    series = timeseries_of(3)
    series["voltage"] = series["voltage"].astype("float32", keep_attrs=True)
    with pytest.raises(SchemaError, match="variable voltage: expected float64, found float32"):
        check("timeseries", series)


@pytest.mark.parametrize("node", nodes())
def test_a_missing_required_variable_is_an_error(node: str) -> None:
    with pytest.raises(SchemaError, match=f"Node {node}: the required variable '.+' is missing"):
        check(node, xr.Dataset())


def test_unknown_columns_keep_their_type_and_attributes_on_the_leading_dimensions() -> None:
    built = build_node(
        "spectra",
        {"column_7": np.ones((2, 3), "float32"), "column_8": [1, 2], "column_9": ["a", "b"]},
        column_attrs={"column_7": {"units": "mbar"}},
    )
    assert built["column_7"].dims == ("spectrum", "point")
    assert built["column_8"].dims == ("spectrum",)
    assert [built[f"column_{i}"].dtype for i in (7, 8, 9)] == [
        np.float64,
        np.int64,
        DTYPES["str"],
    ]
    assert built["column_7"].attrs["units"] == "mbar"


@pytest.mark.parametrize("name", ["column_", "column_a b", "colum_7"])
def test_a_column_needs_an_id(name: str) -> None:
    with pytest.raises(SchemaError, match="has no variable"):
        build_node("timeseries", {name: [1.0]})


def test_a_column_beyond_the_leading_dimensions_is_an_error() -> None:
    with pytest.raises(SchemaError, match="found 2 dimensions"):
        build_node("timeseries", {"column_7": np.ones((2, 2))})


def test_attributes_of_a_column_that_is_not_there_are_an_error() -> None:
    with pytest.raises(SchemaError, match="column_attrs describes 'voltage'"):
        build_node("timeseries", {"voltage": [1.0]}, column_attrs={"voltage": {"units": "mV"}})


def test_attributes_must_be_json() -> None:
    built = build_node("timeseries", {}, attrs={"a": np.float64(1), "b": (1, np.nan)})
    assert built.attrs == {"a": 1.0, "b": [1, None]}
    with pytest.raises(SchemaError, match=r"timeseries\.a: expected text.*complex"):
        build_node("timeseries", {}, attrs={"a": 1j})
