"""Findings, their node, and the record that detectors read."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from anodescope.campaign import Campaign, build_node, check
from anodescope.errors import Outcome
from anodescope.events.finding import Finding, Phases, Record, absent, findings_node, instants
from tests.generator import paper

AREA = 0.385


def _finding(units: str, value: float, **more: object) -> Finding:
    return Finding(
        "short_current", value, 0.5 * value, np.inf, units, Outcome.censored, "c", "voltage",
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("units", "value", "expected", "per_area"),
    [
        ("A", 1e-3 * AREA, 1.0, "mA/cm²"),
        ("C", 3.6 * AREA, 1.0, "mAh/cm²"),
        ("Ω", 100 / AREA, 100.0, "Ω·cm²"),
    ],
)
def test_values_per_area_follow_the_unit(
    units: str, value: float, expected: float, per_area: str
) -> None:
    node = findings_node([_finding(units, value)], AREA)
    check("findings", node)
    assert node["value_per_area"].values[0] == pytest.approx(expected)
    assert node["low_per_area"].values[0] == pytest.approx(expected / 2)
    assert np.isinf(node["high_per_area"].values[0])
    assert node["units_per_area"].values[0] == per_area


@pytest.mark.parametrize(("units", "area"), [("s", AREA), ("1", AREA), ("A", None)])
def test_there_is_no_value_per_area_without_area_or_for_a_time(
    units: str, area: float | None
) -> None:
    node = findings_node([_finding(units, 2.0)], area)
    check("findings", node)
    assert np.isnan(node["value_per_area"].values[0])
    assert node["units_per_area"].values[0] == ""


def test_no_findings_make_an_empty_node() -> None:
    node = findings_node([], AREA)
    check("findings", node)
    assert node.sizes["finding"] == 0


def test_an_absent_finding_says_why() -> None:
    one = absent("short", "s", Outcome.needs_current, "c", "voltage")
    assert one.message == Outcome.needs_current.sentence
    assert np.isnan([one.value, one.low, one.high, one.time]).all()


def test_instants_are_in_time_order_and_name_their_finding() -> None:
    many = [
        _finding("A", 1.0, time=9.0, event="cutoff", message="b"),
        _finding("A", 1.0, time=1.0),
        _finding("A", 1.0, time=2.0, event="hard_short", message="a"),
        _finding("A", 1.0, event="nowhere"),
    ]
    assert [(one.time, one.kind, one.finding) for one in instants(many)] == [
        (2.0, "hard_short", 2),
        (9.0, "cutoff", 0),
    ]


def test_a_record_of_nothing_is_empty() -> None:
    record = Record.of(Campaign())
    assert record.time.size == 0
    assert not record.has_current
    assert not record.has_voltage
    assert record.phases.at(np.array([1.0])).tolist() == [-1]


def test_what_is_missing_is_nan_and_what_is_there_is_taken() -> None:
    series = build_node("timeseries", {"time": [0.0, 1.0], "voltage": [1.0, 2.0]})
    record = Record.of(Campaign({"timeseries": series}))
    assert np.isnan(record.current).all()
    assert record.cell_voltage.tolist() == [1.0, 2.0]
    assert record.charge is None
    assert not record.overload.any()
    assert record.area is None
    assert "file's" in record.sign


def test_the_cell_voltage_is_taken_where_there_is_one() -> None:
    series = build_node(
        "timeseries",
        {"time": [0.0, 1.0], "voltage": [1.0, 2.0], "cell_voltage": [5.0, np.nan]},
    )
    assert Record.of(Campaign({"timeseries": series})).cell_voltage.tolist() == [5.0, 2.0]


def _three(working: str, spectra: tuple[str, ...], counter: float = -2.0) -> Record:
    """Three electrodes: the file's working electrode at 5 V, its counter electrode at `counter`."""
    series = build_node(
        "timeseries",
        {"time": [0.0, 1.0], "voltage": [5.0, 5.0], "counter_voltage": [counter] * 2},
    )
    nodes = {"timeseries": series}
    if spectra:
        made = paper.impedance_only(len(spectra)).campaign["spectra"]
        values = {name: made[name].values for name in made.data_vars}
        nodes["spectra"] = build_node("spectra", {**values, "electrode": list(spectra)})
    specimen = {"working_electrode": working, "electrode_under_study": "alloy"}
    sign = "unknown" if working == "unknown" else "strips"
    return Record.of(Campaign(nodes, {"specimen": specimen, "current_sign": sign}))


ALL = ("cell", "working", "counter")


@pytest.mark.parametrize(
    ("working", "volts", "electrode", "row"),
    [("alloy", 5.0, "working", 1), ("counter", -2.0, "counter", 2), ("unknown", 5.0, "working", 1)],
)
def test_the_voltage_is_that_of_the_electrode_under_study(
    working: str, volts: float, electrode: str, row: int
) -> None:
    record = _three(working, ALL)
    assert record.voltage.tolist() == [volts] * 2
    assert record.voltage_electrode == electrode
    assert record.default.tolist() == record.matching.tolist() == [row]


def test_without_its_spectra_the_default_view_is_shown_but_does_not_match() -> None:
    record = _three("counter", ("cell", "working"))
    assert record.default.tolist() == [0]
    assert record.matching.size == 0
    assert _three("counter", ()).matching.size == 0


@pytest.mark.parametrize(("working", "volts"), [("alloy", 5.0), ("counter", -5.0)])
def test_a_counter_electrode_that_was_not_connected_is_none(working: str, volts: float) -> None:
    """The reader turns no voltage of a file with such a column."""
    record = _three(working, ALL, counter=1e-5)
    assert record.voltage.tolist() == [volts] * 2
    assert record.voltage_electrode == "cell"
    assert record.default.tolist() == [0]


def test_a_record_of_a_campaign_has_its_area_sign_and_phases() -> None:
    made = paper.cycling(cycles=2, pause=30.0)
    record = Record.of(made.campaign, made.protocol)
    assert record.area == AREA
    assert record.sign == ""
    assert record.phases.kinds == ("cycling",)
    assert set(record.phases.mode) == {"current", "rest"}
    # Every sample lies in a phase, and has the current that this one asks for. (The generator's
    # sample on a boundary closes the phase before it.)
    phase = record.phases.at(np.nextafter(record.time, -np.inf))
    assert (phase >= 0).all()
    assert np.allclose(record.current, record.phases.current[phase], atol=1e-6)


def test_phases_are_put_in_order_and_a_boundary_opens_the_later_one() -> None:
    protocol = build_node(
        "protocol",
        {"time_start": [10.0, 0.0], "time_end": [20.0, 10.0], "mode": ["rest", "current"],
         "current": [np.nan, 1.0], "block": [0, 0], "level": [1, 0],
         "kind": ["cycling"], "confidence": [1.0], "count": [2]},
    )  # fmt: skip
    phases = Phases.of(protocol)
    assert phases.current.tolist() == [1.0, 0.0]
    assert phases.at(np.array([-1.0, 0.0, 10.0, 20.0, 21.0])).tolist() == [-1, 0, 1, 1, -1]


def test_an_empty_protocol_has_no_phases() -> None:
    assert Phases.of(None).start.size == 0
    assert Phases.of(xr.Dataset()).kinds == ()
