"""A loss of contact that is a map: what it conserves, what it costs, how a cell runs with it."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodescope.campaign import check
from anodescope.cell import march
from anodescope.cell.cell import Cell
from anodescope.cell.constriction import constriction_impedance
from anodescope.cell.engine import Engine
from anodescope.cell.evolving_map import (
    CapVoids,
    EvolvingMap,
    PancakeVoids,
    covered,
    own_length,
)
from anodescope.cell.law import Arrhenius
from anodescope.cell.simulate import simulate
from anodescope.cell.slots import INDEX
from anodescope.cell.slow import LEAST_CONTACT
from anodescope.contact.evolving import Cap, Pancake, Voids, contact_map
from anodescope.contact.maps import gaussian_field
from anodescope.contact.measures import statistics
from anodescope.errors import SettingsError
from anodescope.protocol import Block, Hold, Protocol, Rest, Sweep
from tests.cell.numbers import FARADAY, VOLUMES, numbers, phase

RESISTIVITY, THICKNESS, GAP = 667.0, 0.15, 8.9e-10
SMALL = EvolvingMap(pixels=48, side=1e-3, voids=12)


def engine_of(law, **changes):
    """An engine of two patches with a pattern, whose contact the law owns."""
    inside = {
        "constriction": RESISTIVITY, "thickness": THICKNESS, "gap": GAP, "loss_refill": np.inf,
        "loss_heal": np.inf,
    } | law.numbers() | changes  # fmt: skip
    return Engine(*numbers(patches=2, spread=0.0, **inside))


def keeper_of(law, **changes):
    return law.owner(engine_of(law, **changes))


def passes(keeper, current, duration, depletion=None):
    """Let a current density pass, with the surface depleted to u if one is given."""
    engine = keeper.engine
    engine.once[0] += current * duration / 3600.0
    if depletion is not None:
        engine.state[:, 0] = depletion * room(engine)
    keeper.update(duration)


def room(engine):
    """Depletion of the surface (mole fraction) that is u = 1."""
    trial = np.ones(2)
    state = engine.state.copy()
    state[:, 0] = 0.05
    march.depletion(engine.p, state, engine.once, engine.modes, trial)
    return 0.05 / (1.0 - trial[0])


def one(*steps):
    return Protocol((Block("unknown", steps, 1),))


# ------------------------------------------------------------------ the law
@pytest.mark.parametrize("shape", [CapVoids(120.0), PancakeVoids(2e-5)])
@pytest.mark.parametrize("solve", [True, False])
def test_round_trip_of_a_cell(tmp_path, shape, solve):
    law = EvolvingMap(shape=shape, solve=solve, seed=2**31, activation=Arrhenius(30.0))
    cell = Cell(loss=law)
    cell.to_toml(tmp_path / "cell.toml")
    again = Cell.from_toml(tmp_path / "cell.toml")
    assert again == cell
    assert type(again.loss.solve) is bool
    assert type(again.loss.seed) is int
    assert again.replace(**{"loss.shape": CapVoids(70.0)}).loss.shape.angle == 70.0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pixels": 12.5}, "pixels: expected a whole number"),
        ({"seed": -1}, "seed"),
        ({"solve": 1}, "solve: expected True or False"),
        ({"shape": "cap"}, "kind VoidShape"),
        ({"start": 0.0}, "never be a void"),
        ({"start": 0.7}, "start"),
        ({"interval": 0.0}, "interval"),
        ({"flux": float("nan")}, "flux"),
    ],
)
def test_what_cannot_be_is_one_sentence(changes, words):
    with pytest.raises(SettingsError, match=words):
        EvolvingMap(**changes)


def test_a_map_cannot_be_solved_without_an_electrolyte():
    with pytest.raises(SettingsError, match="pattern=Pattern"):
        simulate(Cell(loss=replace(SMALL, solve=True), pattern=None), one(Rest(1.0)))


@given(st.floats(1e-4, 0.5), st.integers(0, 50), st.sampled_from([CapVoids(), PancakeVoids()]))
def test_the_start_is_met_and_no_voids_touch(start, seed, shape):
    law = replace(SMALL, start=start, seed=seed, shape=shape)
    state = law.first_voids()
    assert covered(state) == pytest.approx(start, rel=1e-9)
    assert law.numbers() == {"loss": 0, "loss_start": covered(state)}
    assert np.array_equal(state.volumes, law.first_voids().volumes)
    # Pixels see the same, to what their outlines cost: a pixel's width along each at most.
    rim = 2.0 * np.pi * state.radii.sum() * law.side / law.pixels / law.side**2
    seen = 1.0 - contact_map(state, pixel=law.side / law.pixels).mean()
    assert abs(seen - start) < rim + 1.0 / law.pixels**2


def test_another_seed_is_another_map():
    first, other = SMALL.first_voids(), replace(SMALL, seed=1).first_voids()
    assert not np.array_equal(first.positions[:5], other.positions[:5])


@pytest.mark.parametrize("radius", [0.3, 0.55, 0.65, 0.8])
def test_a_void_wider_than_the_face_is_counted_once(radius):
    shape = Pancake(1.0)
    state = Voids((1.0, 1.0), [[0.3, 0.6]], [float(shape.volume(np.array(radius)))], shape)
    seen = 1.0 - contact_map(state, pixel=1 / 800).mean()
    assert covered(state) == pytest.approx(seen, abs=2.0 * np.pi * radius / 800)


# ------------------------------------------------------------------ what passes, what is made
def test_merging_at_rest_keeps_the_volume_and_gives_contact_back():
    law = replace(SMALL, coarsening=1e-15, healing=0.0, start=0.2, shape=CapVoids(90.0))
    keeper = keeper_of(law)
    volume, contact, count = keeper.voids.total_volume, keeper.contact, keeper.voids.volumes.size
    for _ in range(20):
        passes(keeper, 0.0, 500.0, depletion=0.9)
    assert keeper.voids.volumes.size < count
    assert keeper.voids.total_volume == pytest.approx(volume, rel=1e-12)
    assert keeper.contact > contact
    assert keeper.engine.state[:, keeper.engine.modes + 1] == pytest.approx(1 - keeper.contact)


def test_flat_voids_keep_the_covered_part_as_they_merge():
    law = replace(SMALL, coarsening=1e-15, healing=0.0, start=0.2, shape=PancakeVoids(1e-4))
    keeper = keeper_of(law)
    contact, count = keeper.contact, keeper.voids.volumes.size
    for _ in range(20):
        passes(keeper, 0.0, 500.0)
    assert keeper.voids.volumes.size < count
    assert keeper.contact == pytest.approx(contact, rel=1e-9)


def test_voids_take_k_u_squared_and_never_more_than_the_metal():
    law = replace(SMALL, flux=1e-8, healing=0.0)
    metal = 1e-3 * VOLUMES[0] / FARADAY
    for u, current in ((0.5, 1.0), (0.9, 1e-3)):
        keeper = keeper_of(law)
        passes(keeper, 0.0, 1e-9, depletion=u)
        before = keeper.voids.total_volume
        passes(keeper, current, 2.0, depletion=u)
        made = (keeper.voids.total_volume - before) / law.side**2
        assert made == pytest.approx(2.0 * min(1e-8 * u**2, current * metal), rel=1e-3)


def test_plated_metal_fills_voids_one_for_one():
    law = replace(SMALL, start=0.3, healing=0.0, fill=0.5)
    keeper = keeper_of(law)
    before, contact = keeper.voids.total_volume, keeper.contact
    passes(keeper, -0.1, 1.0)
    taken = (before - keeper.voids.total_volume) / law.side**2
    assert taken == pytest.approx(0.5 * 0.1e-3 * VOLUMES[0] / FARADAY, rel=1e-9)
    assert keeper.contact > contact
    passes(keeper, -10.0, 1e4)
    assert keeper.contact == 1.0
    assert keeper.engine.voltage(1.0) == pytest.approx(
        1e-3 * (keeper.engine.p[INDEX["electrolyte"]] + keeper.engine.p[INDEX["sheet"]])
        + keeper.engine.state[:, keeper.engine.modes].mean()
    )


def test_births_come_with_depletion_only():
    law = replace(SMALL, start=0.0, nucleation=1e8, nucleus=1e-15)
    keeper = keeper_of(law)
    passes(keeper, 1.0, 1.0, depletion=0.0)
    assert keeper.contact == 1.0
    passes(keeper, 1.0, 5.0, depletion=0.9)
    assert keeper.contact < 1.0


def test_rates_follow_the_temperature():
    law = replace(SMALL, healing=1e-8, start=0.2, activation=Arrhenius(50.0))
    warm = numbers()[0][INDEX["thermal_voltage"]] * 310.0 / 298.15
    cold, hot = keeper_of(law), keeper_of(law, thermal_voltage=warm)
    shrunk = []
    for keeper in (cold, hot):
        before = keeper.voids.radii
        passes(keeper, 0.0, 10.0)
        shrunk.append(float((before - keeper.voids.radii).mean()))
    assert shrunk[0] == pytest.approx(1e-7, rel=1e-6)
    assert shrunk[1] / shrunk[0] == pytest.approx(Arrhenius(50.0).factor(310.0), rel=1e-4)


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 200), st.floats(0, 1)), max_size=6))
def test_contact_stays_from_nothing_to_all(course):
    keeper = keeper_of(replace(SMALL, flux=1e-6, coarsening=1e-16))
    for current, duration, depletion in course:
        passes(keeper, current, duration, depletion)
        assert LEAST_CONTACT <= keeper.contact <= 1.0
        assert keeper.voids.total_volume >= 0.0
        assert np.isfinite(keeper.engine.voltage(1.0))


def test_a_face_without_contact_is_defined():
    keeper = keeper_of(replace(SMALL, flux=1e-4, solve=True))
    passes(keeper, 1000.0, 1e4, depletion=1.0)
    assert keeper.contact == LEAST_CONTACT
    assert np.isfinite(keeper.engine.voltage(1e-3))
    assert np.isfinite(keeper.impedance(np.array([1e6, 1.0]))).all()


# ------------------------------------------------------------------ what a map costs
def test_own_length_of_half_contact_is_known():
    # (2/π) asin(ρ) = 1/e.
    assert own_length(0.5) == pytest.approx(np.sqrt(-np.log(np.sin(np.pi / 2 / np.e))), rel=1e-6)


@pytest.mark.parametrize("fraction", [0.2, 0.7, 0.9])
def test_own_length_is_that_of_thresholded_fields(fraction):
    found = [
        statistics(
            gaussian_field((256, 256), fraction=fraction, correlation=8.0, pixel=1.0, seed=seed),
            pixel=1.0,
        ).correlation_length
        for seed in range(8)
    ]
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert abs(np.mean(found) / 8.0 - own_length(fraction)) < 4.0 * error / 8.0


def solved_and_looked_up(start, seed):
    law = replace(EvolvingMap(), start=start, seed=seed, solve=True)
    keeper = keeper_of(law)
    length = np.cbrt(keeper.engine.once[2])
    looked = constriction_impedance(
        np.array([keeper.contact]), np.array([length]), np.array([1e-3]),
        resistivity=RESISTIVITY, thickness=THICKNESS, gap=0.0,
    )  # fmt: skip
    return keeper.impedance(np.array([1e-3]))[0].real, looked[0].real


@pytest.mark.slow
@pytest.mark.parametrize("start", [0.1, 0.3, 0.5])
def test_solving_and_looking_up_agree_within_the_scatter_of_maps(start):
    pairs = np.array([solved_and_looked_up(start, seed) for seed in range(6)])
    # Of a mean of lookups two things are not known: how maps of voids differ, and how those of the
    # table did.
    scatter = pairs[:, 0].std(ddof=1) / pairs[:, 0].mean()
    with np.load(str(files("anodescope.cell").joinpath("constriction.npz"))) as table:
        spread = float(table["spread"].max())
    assert abs(pairs[:, 1].mean() / pairs[:, 0].mean() - 1.0) < scatter + spread


def test_the_march_uses_what_was_solved():
    law = replace(SMALL, start=0.4, solve=True)
    keeper = keeper_of(law)
    engine = keeper.engine
    slope = 1e3 * (engine.voltage(1.0) - engine.voltage(0.0))
    bare = engine.p[INDEX["electrolyte"]] + engine.p[INDEX["sheet"]]
    solved = keeper.impedance(np.array([1e-6]))[0].real
    assert slope - bare == pytest.approx(solved, rel=1e-4)
    table = engine.laws.table[1:, 1:]
    assert np.all(table == table[0, 0])


def test_gaps_bridge_the_voids_at_high_frequency():
    keeper = keeper_of(replace(SMALL, start=0.4, solve=True), gap=1e-3)
    frequency = np.array([1e7, 1e7, 1e-4])
    high, again, low = keeper.impedance(frequency)
    assert high == again
    assert abs(high) < 0.2 * low.real
    assert low.imag == pytest.approx(0.0, abs=1e-3 * low.real)


# ------------------------------------------------------------------ a cell with a map
def contact_of(campaign):
    return campaign["state"]["contact"].to_numpy()[:, 0], campaign["state"]["state_time"].to_numpy()


@pytest.fixture(scope="module")
def cell():
    return Cell(loss=replace(SMALL, interval=2.0), patches=3)


def test_contact_falls_while_stripping_deep_and_rises_while_plating(cell):
    campaign = simulate(cell, one(Hold(0.6, 240.0), Rest(60.0), Hold(-0.3, 120.0)))
    contact, time = contact_of(campaign)
    start, stripped, rested, plated = np.interp([0.0, 240.0, 300.0, 420.0], time, contact)
    assert start == pytest.approx(0.99)
    assert stripped < start
    assert rested == pytest.approx(stripped, rel=1e-2)
    assert plated > rested


def test_same_seed_same_bits_and_a_valid_campaign(cell):
    protocol = one(
        Hold(0.5, 20.0), Sweep(4.0, 0.1, amplitude=5e-6, f_max=1e6, f_min=10.0, points=9)
    )
    first, second = (simulate(cell, protocol) for _ in range(2))
    other = simulate(cell.replace(**{"loss.seed": 5}), protocol)
    check(first)
    voltage = [one["timeseries"]["voltage"].to_numpy() for one in (first, second, other)]
    assert np.array_equal(voltage[0], voltage[1])
    assert not np.array_equal(voltage[0], voltage[2])
    assert np.isfinite(first["spectra"]["impedance"].to_numpy()).all()


@pytest.mark.slow
def test_a_solved_map_changes_the_spectra_by_its_constriction(cell):
    protocol = one(Hold(0.5, 60.0), Sweep(4.0, 0.0, f_max=1e6, f_min=10.0, points=9))
    solved = simulate(cell.replace(**{"loss.solve": True}), protocol)
    looked = simulate(cell, protocol)
    bare = simulate(cell.replace(pattern=None), protocol)
    z = [one["spectra"]["impedance"].to_numpy().real for one in (solved, looked, bare)]
    # One map stands against the mean of many: by a factor, not by the digit.
    assert np.all(z[0] > z[2])
    assert np.all((z[0] - z[2]) / (z[1] - z[2]) < 2.0)
    assert np.all((z[0] - z[2]) / (z[1] - z[2]) > 0.5)


@pytest.mark.slow
def test_halving_the_interval_converges_at_first_order(cell):
    found = []
    for interval in (8.0, 4.0, 2.0, 1.0, 0.5):
        law = replace(SMALL, interval=interval, voids=4, spread=0.1)
        campaign = simulate(cell.replace(loss=law), one(Hold(0.5, 120.0)))
        found.append(contact_of(campaign)[0][-1])
    steps = np.abs(np.diff(found))
    # Without births and touches, first order: each difference is half of the one before.
    assert steps[1:] / steps[:-1] == pytest.approx(0.5, abs=0.15)


# ------------------------------------------------------------------ the march stops for a map
@pytest.mark.parametrize(
    "phases",
    [
        [phase(1.0, 1.0), phase(0.0, 1.0)],
        [phase(1.0, 2.5), phase(0.0, 0.7)],
        [phase(3.0, 1000.0, limit=2.0)],
    ],
    ids=["pauses on the ends of phases", "pauses between", "a limit"],
)
def test_all_time_is_told_once(phases):
    told = []
    engine = Engine(*numbers())
    engine.advance(np.array(phases, float), 3, pause=1.0, paused=told.append)
    assert sum(told) == pytest.approx(engine.time, rel=1e-9)
    assert max(told) <= 1.0 + 1e-9
    assert min(told) > 0.0


def test_shapes_are_those_of_the_contact_room():
    assert CapVoids(70.0).shape() == Cap(70.0)
    assert PancakeVoids(1e-5).shape() == Pancake(1e-5)
