"""The verb: series, gaps, windows, outcomes, and the same bits for any number of workers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xarray as xr

from anodescope.bench.spectra import sets_a_and_b
from anodescope.campaign import Campaign, build_node, check
from anodescope.errors import Cancelled, SchemaError, SettingsError
from anodescope.impedance import DRTtools, LogGaussian, drt
from anodescope.running import Run


@pytest.fixture(scope="module")
def made():
    return sets_a_and_b(300)["A"].first(120)


def test_the_node_follows_the_schema(made):
    found = drt((made.frequency, made.impedance[:3]), "drttools")
    check("drt", found)
    assert found.attrs["method"] == "drttools"
    assert found.attrs["parameters"]["lam"] == 1e-3
    assert any("10.1016/j.electacta.2015.09.097" in text for text in found.attrs["citations"])
    assert found["gamma"].attrs["units"] == "Ω"
    assert found.outcome.values.tolist() == ["converged"] * 3
    assert np.all((found.noise > 0.002) & (found.noise < 0.004))


def test_the_default_is_the_log_gaussian_process_and_gives_a_band(made):
    found = drt((made.frequency, made.impedance[:3]))
    check("drt", found)
    assert found.attrs["method"] == "auto"
    assert any("10.1016/j.electacta.2017.07.050" in text for text in found.attrs["citations"])
    inside = found.in_window.values
    assert np.all((found.gamma_low <= found.gamma).values[inside])
    assert np.all((found.gamma <= found.gamma_high).values[inside])
    assert found.sizes["term"] == 4


def test_one_spectrum_and_a_series_of_one_are_the_same(made):
    one = drt((made.frequency, made.impedance[0]))
    assert one.identical(drt((made.frequency, made.impedance[:1])))


def test_a_campaign_and_its_arrays_give_the_same(made):
    f, z = np.broadcast_to(made.frequency, (4, 71)), made.impedance[:4]
    start = 40.0 * np.arange(4)
    spectra = build_node(
        "spectra",
        {
            "impedance": z,
            "frequency": f,
            "time": start[:, None] + np.linspace(0, 35, 71),
            "valid": np.ones(z.shape, dtype=bool),
            "grid": np.zeros(4, dtype=int),
            "time_start": start,
            "time_end": start + 35,
            "electrode": ["cell"] * 4,
        },
    )
    found = drt(Campaign({"spectra": spectra}), "drttools")
    assert found.time.values.tolist() == (start + 17.5).tolist()
    assert found.drop_vars("time").identical(drt((f, z), "drttools"))
    # Without instants nothing can be moved to the middle of its sweep.
    still = LogGaussian(drift=False)
    assert (
        drt(Campaign({"spectra": spectra}), still).drop_vars("time").identical(drt((f, z), still))
    )


def test_a_campaign_without_spectra_is_refused():
    with pytest.raises(SchemaError, match="spectra"):
        drt(Campaign({}))


def test_workers_do_not_change_a_bit(made):
    ragged = made.impedance.copy()
    ragged[::3, :4] = np.nan
    alone = drt((made.frequency, ragged))
    with ThreadPoolExecutor(4) as pool:
        many = drt((made.frequency, ragged), run=Run(map=pool.map))
    assert alone.identical(many)


def test_a_series_with_gaps_gives_what_each_spectrum_gives_alone(made):
    z = made.impedance[::20].copy()
    z[1, 5], z[2, 60:], z[3, :10] = np.nan, complex(np.inf, 0), np.nan
    series = drt((made.frequency, z), "drttools")
    assert set(series.outcome.values) == {"converged"}
    for row in range(len(z)):
        alone = drt((made.frequency, z[row]), DRTtools(per_decade=10))
        part = series.isel(spectrum=[row]).sel(tau=alone.tau)
        assert np.allclose(part.gamma, alone.gamma, rtol=1e-6, atol=1e-6)
        assert np.array_equal(part.in_window, alone.in_window)
        assert np.allclose(part.fit, alone.fit, rtol=1e-9, equal_nan=True)
        beyond = series.isel(spectrum=row).drop_sel(tau=alone.tau)
        assert np.all(np.isnan(beyond.gamma))
        assert not beyond.in_window.any()
    assert np.array_equal(np.isnan(series.residual.values), ~np.isfinite(z))


def test_each_row_has_its_own_window(made):
    z = made.impedance[:2].copy()
    z[1, 40:] = np.nan
    found = drt((made.frequency, z))
    inside = [found.tau.values[row] for row in found.in_window.values]
    for f_low, tau in zip((made.frequency[-1], made.frequency[39]), inside, strict=True):
        assert tau[0] >= 1 / (2 * np.pi * made.frequency[0]) * (1 - 1e-9)
        assert tau[-1] <= 1 / (2 * np.pi * f_low) * (1 + 1e-9)
        assert tau[-1] * 10**0.11 > 1 / (2 * np.pi * f_low)


def test_what_cannot_be_computed_has_a_reason(made):
    z = made.impedance[:4].copy()
    z[1] = np.nan
    found = drt((made.frequency, z))
    assert found.outcome.values.tolist() == ["converged", "not_finite", "converged", "converged"]
    assert np.isnan(found.gamma[1]).all()
    assert not found.in_window[1].any()
    assert np.isnan(found.series_resistance[1])
    for points, method in ((3, "drttools"), (2, "auto")):
        few = drt((made.frequency[:points], made.impedance[:1, :points]), method)
        assert few.outcome.values.tolist() == ["too_few_points"]
    same = drt((np.full(9, 50.0), np.full(9, 1 - 1j)))
    assert same.outcome.values.tolist() == ["too_few_points"]


def test_an_empty_series_gives_an_empty_node(made):
    found = drt((made.frequency, np.empty((0, 71), dtype=complex)))
    check("drt", found)
    assert found.sizes["spectrum"] == 0
    assert found.sizes["tau"] == 0


def test_impedance_that_is_zero_everywhere_gives_zero():
    found = drt((np.logspace(5, 0, 40), np.zeros(40)), "drttools")
    assert np.all(found.gamma == 0)
    assert np.all(np.isnan(found.residual))
    # Its logarithm does not exist.
    assert drt((np.logspace(5, 0, 40), np.zeros(40))).outcome.values.tolist() == ["too_few_points"]


def test_names_and_objects_choose_the_method(made):
    source = (made.frequency, made.impedance[:1])
    assert drt(source).identical(drt(source, "auto"))
    assert drt(source).identical(drt(source, LogGaussian()))
    assert drt(source, "drttools").identical(drt(source, DRTtools()))
    with pytest.raises(SettingsError, match=r"drttools.*'DRTtool'"):
        drt(source, "DRTtool")


@pytest.mark.parametrize(
    ("frequency", "impedance"),
    [
        (np.ones(3), np.ones(4)),
        (np.ones((2, 4)), np.ones((3, 4))),
        (np.ones(4), np.ones((1, 1, 4))),
        (np.ones(4), np.array(["a"] * 4)),
        (np.ones(4) * 1j, np.ones(4)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(frequency, impedance):
    with pytest.raises(SchemaError, match="expected"):
        drt((frequency, impedance))


def test_work_can_be_cancelled(made):
    with pytest.raises(Cancelled, match="DRT"):
        drt((made.frequency, made.impedance), run=Run(cancelled=lambda: True))


def test_progress_reaches_its_total(made):
    seen: list[tuple[int, int]] = []
    run = Run(progress=lambda _stage, done, total: seen.append((done, total)))
    assert isinstance(drt((made.frequency, made.impedance), run=run), xr.Dataset)
    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1] == len(seen) - 1


def test_a_pair_may_be_a_list_and_must_be_a_pair():
    frequency = np.logspace(5, -1, 40)
    impedance = 10 + 100 / (1 + 2j * np.pi * frequency * 1e-3)
    one, other = drt((frequency, impedance)), drt([frequency, impedance])
    np.testing.assert_array_equal(one["gamma"].values, other["gamma"].values)
    with pytest.raises(SchemaError, match="pair"):
        drt((frequency, impedance, impedance))
