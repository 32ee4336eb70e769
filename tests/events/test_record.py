"""Events that the record itself shows."""

from __future__ import annotations

import numpy as np

from anodescope.campaign import Campaign, build_node, check
from anodescope.events import find_events


def campaign(time, overload=None, techniques=()):
    rows = {"time": np.asarray(time, float)}
    if overload is not None:
        rows["overload"] = np.asarray(overload, bool)
    nodes = {"timeseries": build_node("timeseries", rows)}
    if techniques:
        nodes["steps"] = build_node(
            "steps",
            {
                "technique": list(techniques),
                "time_start": np.arange(len(techniques), dtype=float),
                "time_end": np.arange(len(techniques)) + 1.0,
                "source": np.zeros(len(techniques), int),
            },
        )
    return Campaign(nodes)


def kinds(found):
    return list(zip(found["kind"].values.tolist(), found["time"].values.tolist(), strict=True))


def test_an_empty_record_has_no_events():
    found = find_events(Campaign())
    assert found.sizes["event"] == 0
    check("events", found)


def test_techniques_start_once_each():
    found = find_events(campaign(np.arange(5.0), techniques=("OCV", "GEIS", "GEIS", "OCV")))
    assert kinds(found) == [("technique", 0.0), ("technique", 1.0), ("technique", 3.0)]


def test_a_pause_is_long_in_seconds_and_against_the_usual_distance():
    time = np.r_[np.arange(100.0), 99.0 + 59.0, 99.0 + 59.0 + 61.0]
    assert kinds(find_events(campaign(time))) == [("pause", 158.0)]
    slow = np.r_[np.arange(100) * 30.0, 99 * 30.0 + 70.0]
    assert kinds(find_events(campaign(slow))) == []


def test_an_unbroken_run_of_flags_is_one_event():
    flags = [0, 1, 1, 0, 0, 1]
    found = find_events(campaign(np.arange(6.0), overload=flags))
    assert kinds(found) == [("overload", 1.0), ("overload", 5.0)]
    assert "2 sample(s)" in found["message"].values[0]


def test_events_are_in_time_order():
    time = np.r_[np.arange(3.0), 500.0]
    found = find_events(campaign(time, overload=[1, 0, 0, 1], techniques=("CP", "OCV")))
    assert (np.diff(found["time"].values) >= 0).all()
    check("events", found)


def test_a_slow_point_inside_a_sweep_is_no_pause():
    time = np.r_[np.arange(100.0), 300.0, 500.0, 900.0]
    base = campaign(time)
    sweep = build_node(
        "spectra",
        {
            "impedance": np.ones((1, 2), complex),
            "frequency": np.array([[1.0, 0.1]]),
            "time": np.array([[90.0, 500.0]]),
            "valid": np.ones((1, 2), bool),
            "grid": [0],
            "electrode": ["cell"],
            "time_start": [90.0],
            "time_end": [500.0],
        },
    )
    assert [t for _, t in kinds(find_events(base))] == [99.0, 300.0, 500.0]
    assert [t for _, t in kinds(find_events(base.with_node("spectra", sweep)))] == [500.0]
