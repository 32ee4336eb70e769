"""Protocols: units, the node, TOML; what goes in comes out."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.campaign import build_node, check
from anodescope.errors import SchemaError, SettingsError
from anodescope.protocol import (
    KINDS,
    Block,
    Ends,
    Hold,
    Limits,
    PotentialHold,
    Protocol,
    Ramp,
    Repeat,
    Rest,
    Sweep,
    recognise,
)
from anodescope.protocol import library as protocols
from tests.protocol.records import AREA, replay

POSITIVE = st.floats(1e-9, 1e9)
BIAS = st.floats(-1e3, 1e3, allow_subnormal=False)
CURRENT = BIAS.filter(lambda value: abs(value) > 1e-9)
OPTIONAL = st.none() | POSITIVE

FRACTION = st.none() | st.floats(0, 1, exclude_min=True, exclude_max=True)


NOTHING = st.none()


def until(*, voltage=NOTHING, charge=OPTIONAL):
    """Limits, of the voltage only where the step states none itself."""
    ends = st.sampled_from(Ends)
    return st.none() | st.builds(Limits, voltage, charge, FRACTION, st.booleans(), ends)


simple_steps = st.one_of(
    st.builds(Rest, POSITIVE, until(voltage=OPTIONAL, charge=st.none())),
    st.builds(Hold, CURRENT, POSITIVE, OPTIONAL, until()),
    st.builds(Hold, CURRENT, POSITIVE, until=until(voltage=OPTIONAL)),
    st.tuples(BIAS, BIAS, POSITIVE, OPTIONAL, until())
    .filter(lambda row: row[0] != row[1])
    .map(lambda row: Ramp(*row)),
    st.builds(PotentialHold, st.floats(-10, 10), POSITIVE, until(voltage=st.floats(10.1, 1e3))),
    st.builds(
        Sweep,
        POSITIVE,
        current=CURRENT,
        voltage_limit=OPTIONAL,
        until=until(),
        amplitude=OPTIONAL,
        f_max=st.none() | st.floats(1e3, 1e7),
        f_min=st.none() | st.floats(1e-3, 1e3),
        points=st.none() | st.integers(2, 100),
    ),
    st.builds(
        Sweep,
        st.floats(1e6, 1e9),
        current=st.none() | st.just(0.0),
        per_decade=st.none() | st.integers(1, 20),
        periods=st.none() | st.floats(0.1, 9),
        minimum_time=st.none() | st.floats(1e-6, 1),
    ),
    st.builds(Sweep, POSITIVE, voltage=st.floats(-10, 10)),
)
steps = st.recursive(
    simple_steps,
    lambda inner: st.builds(Repeat, st.lists(inner, min_size=1, max_size=3), st.integers(1, 9)),
    max_leaves=4,
)
blocks = st.builds(
    Block,
    kind=st.sampled_from(sorted(KINDS)),
    steps=st.lists(steps, max_size=4),
    count=st.integers(0, 10**6),
    boundaries=st.lists(st.floats(-1e9, 1e9), max_size=4),
    confidence=st.floats(0, 1),
    samples=st.integers(0, 10**9),
    resolution=st.floats(0, 1e6),
    note=st.text(max_size=20),
)
any_protocol = st.builds(
    Protocol, st.lists(blocks, max_size=3), st.sampled_from(["A", "mA/cm²"]), st.text(max_size=20)
)


@settings(max_examples=150, deadline=None)
@given(any_protocol)
def test_toml_gives_exactly_the_same_protocol_back(protocol):
    assert Protocol.from_toml(protocol.to_toml()) == protocol


@settings(max_examples=60, deadline=None)
@given(any_protocol)
def test_every_protocol_makes_a_node_that_follows_the_schema(protocol):
    node = protocol.to_dataset(AREA)
    check("protocol", node)
    again = Protocol.from_dataset(node)
    assert again.kinds == protocol.kinds
    check("protocol", again.to_dataset())
    xr.testing.assert_identical(again.to_dataset().drop_attrs(), node.drop_attrs())


@settings(max_examples=60, deadline=None)
@given(any_protocol, st.floats(1e-3, 1e3))
def test_units_go_there_and_back(protocol, area):
    absolute = protocol.absolute(area)
    assert absolute.unit == "A"
    assert absolute.absolute(area) is absolute
    per_area = absolute.per_area(area)
    assert per_area.unit == "mA/cm²"
    there = protocol.per_area(area).phases().current
    np.testing.assert_allclose(
        per_area.phases().current, there, rtol=1e-12, atol=1e-300, equal_nan=True
    )


def test_one_milliampere_per_square_centimetre():
    protocol = protocols.hold(1.0, 60.0)
    assert protocol.absolute(0.385).phases().current[0] == pytest.approx(3.85e-4)
    assert protocol.to_dataset(0.385)["current"].values[0] == pytest.approx(3.85e-4)
    with pytest.raises(SettingsError, match="give the area"):
        protocol.to_dataset()
    with pytest.raises(SettingsError, match="area"):
        protocol.absolute(0.0)


def test_the_node_is_that_of_the_campaigns_own_builder():
    node = protocols.staircase_geis().to_dataset(AREA)
    built = build_node("protocol", {name: node[name].values for name in node.variables})
    xr.testing.assert_identical(built, node)


def test_a_recognised_protocol_survives_node_and_toml():
    protocol = recognise(*replay(protocols.staircase_geis(0.1, 0.5, 0.1)))
    assert protocol.boundaries.size == 11
    assert Protocol.from_toml(protocol.to_toml()) == protocol
    again = Protocol.from_dataset(protocol.to_dataset())
    assert again.blocks[0].boundaries == protocol.blocks[0].boundaries
    assert again.parameters == protocol.parameters
    assert again.confidence == pytest.approx(protocol.confidence)
    text_only = Protocol.from_toml(protocol.to_toml())
    np.testing.assert_allclose(text_only.phases().time_start, protocol.phases().time_start)


def test_a_hundred_thousand_pulses_are_a_few_lines():
    protocol = protocols.pulsed_stripping(count=100_000)
    assert len(protocol.to_toml()) < 300
    assert len(repr(protocol)) < 400
    assert protocol.to_dataset(AREA).sizes["phase"] == 200_000


def test_a_protocol_without_blocks():
    nothing = Protocol(())
    assert (nothing.kind, nothing.confidence, nothing.duration) == ("unknown", 0.0, 0.0)
    assert nothing.boundaries.size == 0
    check("protocol", nothing.to_dataset(AREA))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("unit = ", "cannot be read as TOML"),
        ("units = 'A'", "no key 'units'"),
        ("unit = 3", "expected text"),
        ("unit = 'mA'", "mA/cm²"),
        ("block = 3", r"\[\[block\]\]"),
        ("[[block]]\nsteps = []", "kind"),
        ("[[block]]\nkind = 'rest'\nsteps = 3", "list of tables"),
        ("[[block]]\nkind = 'rest'\nsteps = [3]", "one of rest, hold"),
        ("[[block]]\nkind = 'rest'\nsteps = [{rest = 1.0, hold = 2.0}]", "one of rest, hold"),
        ("[[block]]\nkind = 'rest'\nsteps = [{rest = 1.0, colour = 2}]", "'colour'"),
        ("[[block]]\nkind = 'rest'\nsteps = [{rest = 1.0, duration = 2}]", "given twice"),
        ("[[block]]\nkind = 'rest'\nsteps = [{hold = 1.0}]", "'hold'"),
        ("[[block]]\nkind = 'rest'\nsteps = [{repeat = 2, steps = 1}]", "list of tables"),
        ("[[block]]\nkind = 'rest'\ncount = 1.5", "count"),
        ("[[block]]\nkind = 'rest'\nboundaries = ['a']", "numbers"),
        ("[[block]]\nkind = 'rest'\ncolour = 1", "no key 'colour'"),
    ],
)
def test_wrong_toml_is_one_sentence(text, words):
    with pytest.raises(SettingsError, match=words):
        Protocol.from_toml(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_a_protocol_or_one_sentence(text):
    try:
        Protocol.from_toml(text)
    except SettingsError as error:
        assert "\n" not in str(error).strip()


def test_an_incomplete_node_is_one_sentence():
    node = protocols.rest(60.0).to_dataset(AREA)
    with pytest.raises(SchemaError, match="'kind' is missing"):
        Protocol.from_dataset(node.drop_vars("kind"))
    with pytest.raises(SchemaError, match="found 'asleep'"):
        Protocol.from_dataset(node.assign(mode=("phase", np.array(["asleep"], object))))
