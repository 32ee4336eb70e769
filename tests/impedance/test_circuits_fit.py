"""The verb `fit_circuit`: recovery, starts, intervals, outcomes, bad input, real files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import anodescope as an
from anodescope.bench.spectra import sets_a_and_b
from anodescope.campaign import check
from anodescope.errors import Cancelled, SchemaError, SettingsError
from anodescope.impedance.circuits.elements import (
    CPE,
    ZARC,
    Inductor,
    Resistor,
    Warburg,
    WarburgShort,
    brug_capacitance,
)
from anodescope.impedance.circuits.fit import fit_circuit
from anodescope.running import Run
from tests.impedance import statistics_circuits as statistics
from tests.impedance.two_zarcs import TRUE, TWO, F, noisy, numbers

# recovery


@pytest.mark.parametrize(
    ("circuit", "true"),
    [
        (TWO, TRUE),
        (
            Resistor("R0") + (Resistor("ct") + Warburg("W") | CPE("dl")),
            {"R0": 15.0, "R_ct": 80.0, "sigma_W": 12.0, "Q_dl": 2e-5, "n_dl": 0.9},
        ),
        (
            Resistor("R0") + Inductor("L0") + ZARC("int") + WarburgShort("d"),
            {"R0": 5.0, "L0": 1e-6, "R_int": 50.0, "tau_int": 1e-3, "n_int": 0.8}
            | {"R_d": 30.0, "tau_d": 0.4},
        ),
        (Resistor("R0"), {"R0": 3.0}),
        (Resistor("R0") + CPE("b"), {"R0": 8.0, "Q_b": 1e-4, "n_b": 0.95}),
    ],
)
def test_exact_data_give_the_parameters_that_made_them(circuit, true):
    node = fit_circuit((F, circuit.impedance(F, true)), circuit)
    check("circuits", node)
    assert node["outcome"].values.tolist() == ["converged"]
    found = numbers(node)
    for name, value in true.items():
        assert found[name] == pytest.approx(value, rel=1e-6)
    assert node["misfit"].values[0] < 1e-9
    assert np.allclose(node["fit"].values[0], circuit.impedance(F, true), rtol=1e-8)


def test_the_node_says_what_it_holds():
    node = fit_circuit((F, noisy()), TWO)
    assert node.attrs["circuit"] == "R0 + (R_GB‖CPE_GB) + (R_int‖CPE_int)"
    assert node["name"].values.tolist()[: node.attrs["fitted"]] == list(TWO.names)
    assert node["name"].values.tolist()[7:] == [
        *("Q_GB", "C_GB", "C_Brug_GB"),
        *("Q_int", "C_int", "C_Brug_int"),
    ]
    assert node["units"].values.tolist()[:4] == ["Ω", "Ω", "s", "1"]
    assert any("10.1016/S0022-0728(84)80324-1" in text for text in node.attrs["citations"])
    found, low, high = (numbers(node, key) for key in ("value", "low", "high"))
    assert found["C_int"] == pytest.approx(found["tau_int"] / found["R_int"])
    own = (found["R_int"], found["tau_int"], found["n_int"], found["R0"])
    assert found["C_Brug_int"] == pytest.approx(float(brug_capacitance(*own)))
    assert all(low[name] < found[name] < high[name] for name in found)


@pytest.mark.parametrize("factor", [1e-4, 1e6])
def test_scaled_spectra_give_scaled_parameters(factor):
    z = noisy()
    plain, scaled = (numbers(fit_circuit((F, part), TWO)) for part in (z, factor * z))
    for name, value in plain.items():
        power = {"R": 1, "C": -1, "Q": -1}.get(name[0], 0)
        assert scaled[name] == pytest.approx(value * factor**power, rel=1e-5)


def test_order_of_points_gaps_and_workers_do_not_matter():
    made = sets_a_and_b(300)["A"].first(120)
    circuit = Resistor("R0") + ZARC("1") + ZARC("2") + ZARC("3")
    z = made.impedance.copy()
    z[5, :4], z[7, 30] = np.nan, 0
    alone = fit_circuit((made.frequency, z), circuit)
    with ThreadPoolExecutor(4) as pool:
        many = fit_circuit((made.frequency, z), circuit, run=Run(map=pool.map))
    assert alone.identical(many)
    turned = fit_circuit((made.frequency[::-1], z[:, ::-1]), circuit)
    assert np.array_equal(turned["value"].values, alone["value"].values)
    assert np.array_equal(np.isnan(alone["fit"].values), np.isnan(z))


def test_what_nothing_tells_apart_stands_in_the_order_of_tau():
    node = fit_circuit((F, noisy(count=5)), Resistor("R0") + ZARC("a") + ZARC("b"))
    table = [numbers(node, row=row) for row in range(5)]
    assert all(row["tau_a"] < row["tau_b"] for row in table)
    # A start tells them apart, so it is kept.
    swapped = fit_circuit((F, noisy()), TWO, start={"tau_GB": 2e-2, "tau_int": 1e-5})
    assert numbers(swapped)["tau_GB"] == pytest.approx(2e-2, rel=0.1)


def test_a_neighbour_lends_its_solution_where_the_own_start_leads_astray():
    start = {"tau_GB": np.full(9, 1e-5), "tau_int": np.full(9, 2e-2)}
    start["tau_GB"][4], start["tau_int"][4] = 1e3, 1e3
    node = fit_circuit((F, noisy(count=9)), TWO, start=start)
    assert set(node["outcome"].values.tolist()) == {"converged"}
    assert numbers(node, row=4)["tau_GB"] == pytest.approx(1e-5, rel=0.1)


# intervals


def test_the_interval_of_a_lone_resistance_is_that_of_its_mean():
    generator = np.random.default_rng(8)
    z = 100 + generator.standard_normal((2, F.size)) @ np.eye(F.size)
    z = (z[0] + 1j * (z[1] - 100))[None]
    node = fit_circuit((F, z), Resistor("R0"), weighting="unit")
    from scipy.stats import t

    mean, freedom = z.real.mean(), 2 * F.size - 1
    error = np.sqrt((np.sum((z.real - mean) ** 2) + np.sum(z.imag**2)) / freedom / F.size)
    half = t.ppf(0.975, freedom) * error / mean
    assert numbers(node)["R0"] == pytest.approx(mean, rel=1e-9)
    assert numbers(node, "low")["R0"] == pytest.approx(mean * np.exp(-half), rel=1e-9)
    assert numbers(node, "high")["R0"] == pytest.approx(mean * np.exp(half), rel=1e-9)


def test_the_profile_agrees_with_the_jacobian_where_intervals_are_narrow():
    z = noisy(noise=0.001)
    plain, profiled = (fit_circuit((F, z), TWO, intervals=way) for way in ("jacobian", "profile"))
    assert np.array_equal(plain["value"].values, profiled["value"].values)
    for key in ("low", "high"):
        distance = np.abs(plain[key].values - plain["value"].values)[:, :7]
        other = np.abs(profiled[key].values - plain["value"].values)[:, :7]
        assert np.allclose(distance, other, rtol=0.1)


def test_the_ends_of_a_profile_rise_by_what_the_definition_says():
    z = noisy(noise=0.02)
    node = fit_circuit((F, z), TWO, intervals="profile")
    best = node["misfit"].values[0] ** 2
    from scipy.special import stdtrit

    freedom = 2 * F.size - 7
    expected = stdtrit(freedom, 0.975) ** 2 / freedom
    for end in ("low", "high"):
        held = numbers(node, end)["tau_int"]
        worse = fit_circuit((F, z), TWO, fixed={"tau_int": held})["misfit"].values[0] ** 2
        assert worse / best - 1 == pytest.approx(expected, rel=0.1)


def test_an_rc_is_found_at_the_end_of_the_range():
    true = {"R0": 20.0, "R_x": 100.0, "tau_x": 1e-4, "n_x": 1.0}
    circuit = Resistor("R0") + ZARC("x")
    node = fit_circuit((F, noisy(circuit, true, count=40)), circuit)
    assert set(node["outcome"].values.tolist()) == {"converged"}
    at = circuit.names.index("n_x")
    assert np.all(node["value"].values[:, at] > 0.99)
    assert np.mean(node["high"].values[:, at] == 1.0) > 0.8
    assert np.all(node["low"].values[:, at] > 0.98)


def test_a_circuit_that_does_not_describe_the_spectrum_says_so_and_widens_its_intervals():
    z = noisy()
    right, wrong = fit_circuit((F, z), TWO), fit_circuit((F, z), Resistor("R0") + ZARC("one"))
    assert right["outcome"].values[0] == "converged"
    assert wrong["outcome"].values[0] in ("inconsistent", "not_identifiable")
    assert wrong["misfit"].values[0] > 5 * right["misfit"].values[0]
    one, two = (
        np.log(numbers(node, "high")["R0"] / numbers(node, "low")["R0"]) for node in (wrong, right)
    )
    assert one > two


def test_what_the_data_do_not_fix_is_not_identifiable():
    one = Resistor("R0") + ZARC("GB")
    true = {name: TRUE[name] for name in one.names}
    node = fit_circuit((F, noisy(one, true)), TWO)
    assert node["outcome"].values.tolist() == ["not_identifiable"]
    in_series = fit_circuit((F, noisy(one, true)), one + Resistor("R1"))
    assert in_series["outcome"].values.tolist() == ["not_identifiable"]


def test_a_resistance_of_nothing_is_known_to_be_small():
    true = {**TRUE, "R0": 1e-6}
    node = fit_circuit((F, noisy(true=true)), TWO)
    assert node["outcome"].values.tolist() == ["converged"]
    assert numbers(node, "low")["R0"] == 0
    assert 0 < numbers(node, "high")["R0"] < 5


# settings


def test_fixed_values_stay_and_bounds_hold():
    z = noisy(count=2)
    node = fit_circuit((F, z), TWO, fixed={"n_GB": 0.9, "R0": [19.0, 21.0]})
    for row, ohm in enumerate((19.0, 21.0)):
        for key in ("value", "low", "high"):
            assert numbers(node, key, row)["R0"] == pytest.approx(ohm)
            assert numbers(node, key, row)["n_GB"] == pytest.approx(0.9)
    bounded = numbers(fit_circuit((F, z), TWO, bounds={"R_GB": (10.0, 90.0), "n_int": (0.9, 1.0)}))
    assert bounded["R_GB"] <= 90 * (1 + 1e-9)
    assert bounded["n_int"] >= 0.9 - 1e-9


def test_weights():
    z = noisy()
    plain = fit_circuit((F, z), TWO)
    assert np.allclose(plain["value"], fit_circuit((F, z), TWO, weighting=7 * np.abs(z))["value"])
    noise = np.where(F > 1e3, 1e6, 1.0)
    half = fit_circuit((F, z), Resistor("R0") + ZARC("int"), weighting=noise)
    assert numbers(half)["R_int"] == pytest.approx(60, rel=0.1)
    unit = fit_circuit((F, z), TWO, weighting="unit")
    assert numbers(unit)["R_GB"] == pytest.approx(100, rel=0.05)
    assert unit.attrs["parameters"]["weighting"] == "unit"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"start": {"R_x": 1.0}}, "start: .* no parameter 'R_x'; it has R0, R_GB"),
        ({"fixed": {"C": 1.0}}, "fixed: .* no parameter 'C'"),
        ({"bounds": {"C": (1.0, 2.0)}}, "bounds: .* no parameter 'C'"),
        ({"bounds": {"R0": (2.0, 1.0)}}, "Range of R0"),
        ({"bounds": {"n_GB": (1.2, 2.0)}}, "Range of n_GB"),
        ({"start": {"R0": -1.0}}, "start: expected positive numbers .* R0"),
        ({"start": {"R0": np.nan}}, "start: expected positive"),
        ({"fixed": {"n_GB": 1.2}}, "fixed: expected positive numbers up to 1 for n_GB"),
        ({"start": {"R0": [1.0, 2.0, 3.0]}}, "start: expected a number or 1"),
        ({"weighting": "phase"}, "weighting: expected modulus, unit"),
        ({"weighting": np.ones(3)}, "weighting: expected standard deviations"),
        ({"weighting": np.zeros(F.size)}, "weighting: expected positive"),
        ({"intervals": "bootstrap"}, "intervals: expected jacobian or profile"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        fit_circuit((F, noisy()), TWO, **settings)


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(SchemaError, match="expected"):
        fit_circuit((F, np.ones(3)), TWO)


# data that cannot be fitted


def test_what_cannot_be_computed_has_a_reason():
    z = noisy(count=5)
    z[1], z[2, 3:] = np.nan, 0
    z[3, :-1] = 0
    node = fit_circuit((F, z), TWO)
    check("circuits", node)
    outcome = node["outcome"].values.tolist()
    assert [outcome[0], outcome[4]] == ["converged"] * 2
    assert outcome[1] == "not_finite"
    assert outcome[2:4] == ["too_few_points"] * 2
    assert np.isnan(node["value"].values[1:4]).all()
    assert np.isnan(node["misfit"].values[1:4]).all()


@pytest.mark.parametrize("frequency", [np.array([50.0]), np.full(20, 50.0), F[:2]])
def test_one_frequency_or_too_few_points_are_an_outcome(frequency):
    z = TWO.impedance(frequency, TRUE)
    for circuit in (TWO, None):
        node = fit_circuit((frequency, z), circuit)
        assert node["outcome"].values.tolist() == ["too_few_points"]


def test_fewer_numbers_than_parameters_are_an_outcome():
    node = fit_circuit((F[::20], TWO.impedance(F[::20], TRUE)), TWO)
    assert 2 * F[::20].size > len(TWO.names)
    assert node["outcome"].values.tolist() != ["too_few_points"]
    node = fit_circuit((F[::25], TWO.impedance(F[::25], TRUE)), TWO)
    assert 2 * F[::25].size < len(TWO.names)
    assert node["outcome"].values.tolist() == ["too_few_points"]


def test_an_empty_series_gives_an_empty_node():
    for circuit in (TWO, None):
        node = fit_circuit((F, np.empty((0, F.size), dtype=complex)), circuit)
        check("circuits", node)
        assert node.sizes["spectrum"] == 0


@pytest.mark.parametrize("z", [np.full(F.size, 5.0 + 0j), np.full(F.size, -5.0 + 3j), 1e-30 / F])
def test_strange_spectra_end_in_an_outcome(z):
    for circuit in (TWO, None):
        check("circuits", fit_circuit((F, z), circuit))


def test_work_can_be_cancelled():
    with pytest.raises(Cancelled):
        fit_circuit((F, noisy()), TWO, run=Run(cancelled=lambda: True))


# real files


def test_a_solid_state_battery_is_described_to_the_accuracy_of_a_potentiostat(potentiostat):
    campaign = an.read(potentiostat / "hybrid-drt" / "PEIS_SSB.mpr")
    node = fit_circuit(campaign)
    check("circuits", node)
    # At 7 MHz the first arc is still there, so R0 may be open; the data are described all the same.
    assert node["outcome"].values[0] in ("converged", "not_identifiable")
    assert node["misfit"].values[0] < 0.01
    three = fit_circuit(campaign, Resistor("R0") + ZARC("1") + ZARC("2") + ZARC("3"))
    assert three["outcome"].values[0] in ("inconsistent", "not_identifiable")


def test_nine_points_between_500_and_1_hertz_do_not_fix_two_arcs(potentiostat):
    name = "LiLi_TEGDME_insitu_02_GEIS_C05.mpr"
    node = fit_circuit(an.read(potentiostat / "insitu-datalab" / name))
    check("circuits", node)
    outcomes = node["outcome"].values.astype(object)
    assert np.mean(np.isin(outcomes, ["not_identifiable", "max_steps"])) > 0.5


# statistics


@pytest.mark.slow
@pytest.mark.parametrize("noise", statistics.NOISES)
@pytest.mark.parametrize("zarcs", statistics.COUNTS)
def test_statistics_of_random_chains(zarcs, noise):
    row = statistics.measure(zarcs, noise, 200)
    assert min(row.coverage.values()) >= 0.85
    assert row.coverage_all >= 0.85
    assert row.missed <= 0.05
    assert row.off <= 0.05
    for key in statistics.QUANTITIES:
        # The median of 200 errors scatters by 1.25/√200 = 0.09 of their spread.
        assert abs(row.bias[key]) <= 0.35 * row.spread[key]
    assert row.inconsistent <= 0.01


@pytest.mark.slow
def test_five_thousand_spectra_are_a_matter_of_a_minute():
    import time

    made = sets_a_and_b(5000)["A"]
    begin = time.process_time()
    node = fit_circuit((made.frequency, made.impedance), statistics.chain_of(3))
    assert time.process_time() - begin < 60
    ok = node["outcome"].values == "converged"
    assert ok.mean() > 0.7
    at = 1 + 3 * np.arange(3)
    inside = (node["low"].values[:, at] <= made.resistance) & (
        made.resistance <= node["high"].values[:, at]
    )
    assert inside[ok].mean() >= 0.85
