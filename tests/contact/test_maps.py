"""Contact maps: the fraction asked for, the laws of each family, and what tomography bounds."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib import image
from scipy import special

from anodescope.contact import constriction, maps, pictures
from anodescope.contact.maps import statistics
from anodescope.errors import SettingsError

PIXEL = 1e-4
# Spread of a mean over seeds: a correct law fails a two-sided test at 4 standard errors once in
# some 16 000 runs, and the seeds are fixed.
ERRORS = 4.0
BOOLEANS = hnp.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def discs(fraction: float = 0.3, seed: int = 1, **others: Any) -> np.ndarray:
    wanted = {"radius": 6.0 * PIXEL, "pixel": PIXEL, **others}
    return maps.random_discs((96, 80), fraction=fraction, seed=seed, **wanted)


def field(fraction: float = 0.3, seed: int = 1, **others: Any) -> np.ndarray:
    wanted = {"correlation": 6.0 * PIXEL, "pixel": PIXEL, **others}
    return maps.gaussian_field((96, 80), fraction=fraction, seed=seed, **wanted)


def rough(seed: int = 1, **others: Any) -> np.ndarray:
    wanted = {"hurst": 0.8, "rms": 2e-5, "pixel": PIXEL, **others}
    return maps.self_affine((96, 80), seed=seed, **wanted)


def near(values: list[float], expected: float, bias: float = 0.0) -> bool:
    """Whether the mean over seeds agrees within its standard error and a known bias."""
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return bool(abs(np.mean(values) - expected) <= ERRORS * error + bias)


@pytest.mark.parametrize("draw", [discs, field])
def test_the_same_seed_gives_the_same_bits_and_another_one_does_not(draw: Any) -> None:
    assert np.array_equal(draw(), draw())
    assert not np.array_equal(draw(), draw(seed=2))
    assert draw().dtype == bool
    assert draw().shape == (96, 80)


@pytest.mark.parametrize("draw", [discs, field])
def test_a_larger_fraction_of_one_seed_holds_the_smaller_map(draw: Any) -> None:
    series = [draw(fraction) for fraction in (0.0, 0.1, 0.2, 0.4, 0.49)]
    assert not series[0].any()
    for small, large in pairwise(series):
        assert np.all(large[small])
        assert large.sum() > small.sum()


@given(st.floats(0.0, 1.0))
def test_a_gaussian_field_meets_its_fraction_to_the_pixel(fraction: float) -> None:
    assert field(fraction).sum() == round(fraction * 96 * 80)


@pytest.mark.parametrize("overlap", [True, False])
@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.5])
def test_discs_meet_their_fraction_to_half_a_disc(fraction: float, overlap: bool) -> None:
    # A disc of radius 6 covers at most the 121 pixels counted around its best centre.
    assert abs(discs(fraction, overlap=overlap).sum() - fraction * 96 * 80) <= 121 / 2


def test_overlapping_discs_can_cover_everything() -> None:
    assert discs(1.0).all()


def test_one_disc_is_round_and_goes_through_the_sides() -> None:
    found = [discs(np.pi * 20**2 / (96 * 80), seed, radius=20 * PIXEL) for seed in range(8)]
    assert any(map_[0].any() and map_[-1].any() for map_ in found)
    for map_ in found:
        measures = statistics(map_, pixel=PIXEL)
        assert measures.spots == 1
        # Pixels sample the disc by their centres: its edges are off by half a pixel in 20.
        assert measures.equivalent_radius == pytest.approx(20 * PIXEL, rel=0.025)
        assert measures.perimeter == pytest.approx(2 * np.pi * 20 * PIXEL, rel=0.025)
        assert measures.mean_chord == pytest.approx(np.pi * 20 / 2 * PIXEL, rel=0.025)


def test_voids_between_overlapping_discs_have_the_chords_of_a_boolean_model() -> None:
    # Poisson discs at number density n: a void pixel is followed by another along a row with the
    # probability exp(−2 r n · pixel), so the run of void pixels has a mean of 1/(1 − that).
    fraction, radius = 0.3, 8.0
    density = -np.log(1.0 - fraction) / (np.pi * radius**2)
    expected = PIXEL / -np.expm1(-2.0 * radius * density)
    chords = [
        statistics(
            maps.random_discs(
                (256, 256), fraction=fraction, radius=radius * PIXEL, pixel=PIXEL, seed=seed
            ),
            pixel=PIXEL,
        ).mean_void_chord
        for seed in range(24)
    ]
    # exp(−2 r n) neglects the overlap's third-order term in pixel/radius: below 1e-3 here.
    assert near(chords, expected, bias=1e-3 * expected)


def test_discs_apart_keep_their_distance_through_the_sides() -> None:
    sides = np.asarray((30.0, 47.0))
    stream = maps._apart(np.random.default_rng(3), (30, 47), 3.0)
    places = np.asarray([next(stream) for _ in range(20)])
    way = places[:, None] - places
    way -= sides * np.rint(way / sides)
    distance = np.hypot(way[..., 0], way[..., 1])[np.triu_indices(20, 1)]
    assert distance.min() >= 6.0


def test_discs_that_find_no_room_are_a_sentence() -> None:
    with pytest.raises(SettingsError, match="no room was found"):
        maps.random_discs((9, 9), fraction=0.5, radius=3.2, pixel=1.0, seed=0, overlap=False)


def test_a_gaussian_map_at_half_contact_follows_the_arcsine_law() -> None:
    # P(both in contact) = 1/4 + arcsin(ρ)/(2π) with the field's own ρ = exp(−r²/ℓ²).
    for lag in (2, 4, 8):
        both = []
        for seed in range(24):
            map_ = maps.gaussian_field(
                (256, 256), fraction=0.5, correlation=8.0, pixel=1.0, seed=seed
            )
            both.append(float(np.mean(map_ & np.roll(map_, lag, axis=1))))
        expected = 0.25 + np.arcsin(np.exp(-((lag / 8.0) ** 2))) / (2.0 * np.pi)
        # The fraction is met in each map, not on average: that lowers the mean by the area of one
        # correlation over that of the face, at most.
        assert near(both, expected, bias=np.pi * 8.0**2 / 256**2 / 4)


def test_the_correlation_length_is_that_of_the_arcsine_law() -> None:
    length = 24.0
    found = []
    for seed in range(24):
        map_ = maps.gaussian_field(
            (512, 512), fraction=0.5, correlation=length, pixel=1.0, seed=seed
        )
        found.append(statistics(map_, pixel=1.0).correlation_length)
    expected = length * np.sqrt(-np.log(np.sin(np.pi / (2.0 * np.e))))
    # Rings are a pixel wide: the mean over one is off by its curvature, below 1/12 of a pixel².
    assert near(found, expected, bias=1.0 / 12.0)


def test_independent_pixels_have_a_correlation_length_below_a_pixel() -> None:
    assert 0.0 < statistics(field(correlation=0.0), pixel=PIXEL).correlation_length < PIXEL


def test_a_rough_surface_has_its_rms_and_its_mean() -> None:
    assert rough().std() == pytest.approx(2e-5, rel=1e-12)
    assert rough().mean() == pytest.approx(0.0, abs=1e-12 * 2e-5)
    assert np.array_equal(rough(), rough())


def spectrum(shape: tuple[int, int], seeds: int, **others: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return k (rad per pixel) of the full spectrum, and its mean power over seeds."""
    power = np.zeros(shape)
    for seed in range(seeds):
        heights = maps.self_affine(shape, rms=1.0, pixel=1.0, seed=seed, **others)
        power += np.abs(np.fft.fft2(heights)) ** 2 / seeds
    y, x = (2.0 * np.pi * np.fft.fftfreq(count) for count in shape)
    return np.hypot(y[:, None], x), power


@pytest.mark.parametrize("hurst", [0.0, 0.3, 0.8, 1.0])
def test_the_spectrum_falls_by_the_hurst_exponent(hurst: float) -> None:
    seeds = 20
    k, power = spectrum((64, 96), seeds, hurst=hurst)
    half = np.zeros(k.shape, dtype=bool)
    half[1:32] = True  # each pair of conjugate modes once
    inside = half & (k < np.pi)
    x, y = np.log(k[inside]), np.log(power[inside])
    slope = np.polyfit(x, y, 1)[0]
    # The mean of `seeds` exponential variables is a gamma variable: its log has this variance.
    error = np.sqrt(special.polygamma(1, seeds) / ((x - x.mean()) ** 2).sum())
    # Each surface is scaled to its rms, which ties the modes of one seed: it shifts the level, and
    # the slope only through the few longest waves.
    assert abs(slope + 2.0 * (1.0 + hurst)) <= ERRORS * error


def test_the_spectrum_is_flat_below_the_rolloff_and_zero_above_the_cutoff() -> None:
    k, power = spectrum((64, 64), 20, hurst=0.8, rolloff=16.0, cutoff=4.0)
    beyond = k > 2.0 * np.pi / 4.0 * (1 + 1e-9)
    # Zero to the rounding of two transforms.
    assert power[beyond].max() <= 1e-24 * power.max()
    flat = (k > 0.0) & (k <= 2.0 * np.pi / 16.0)
    low, high = (power[flat & part].mean() for part in (k < 0.25, k >= 0.25))
    members = min(np.count_nonzero(flat & (k < 0.25)), np.count_nonzero(flat & (k >= 0.25))) / 2
    assert abs(np.log(low / high)) <= ERRORS * np.sqrt(2.0 / (20 * members))


def test_the_bearing_area_of_a_gaussian_surface_is_an_error_function() -> None:
    levels = np.asarray([-1.5, -0.5, 0.0, 0.5, 1.5])
    areas = np.asarray(
        [
            maps.bearing_area(
                maps.self_affine(
                    (128, 128), hurst=0.5, rms=1.0, pixel=1.0, seed=seed, rolloff=16.0
                ),
                levels,
            )
            for seed in range(24)
        ]
    )
    for found, level in zip(areas.T, levels, strict=True):
        assert near(list(found), 0.5 * special.erfc(level / np.sqrt(2.0)), bias=1e-3)


@given(hnp.arrays(float, (5, 7), elements=st.floats(-3, 3)), st.floats(-4, 4))
def test_the_bearing_area_counts_the_pixels_that_are_as_high(
    heights: np.ndarray, level: float
) -> None:
    assert maps.bearing_area(heights, level) == np.mean(heights >= level)


@given(hnp.arrays(float, (6, 5), elements=st.sampled_from([0.0, 1.0, 2.0])), st.floats(0, 1))
def test_the_highest_pixels_are_as_many_as_asked_and_none_left_out_is_higher(
    values: np.ndarray, fraction: float
) -> None:
    chosen = maps.highest(values, fraction)
    assert chosen.sum() == round(fraction * 30)
    if chosen.any() and not chosen.all():
        assert values[chosen].min() >= values[~chosen].max()


def test_a_picture_gives_its_map_back(tmp_path: Path) -> None:
    map_ = field()
    for name, colours in {"grey": None, "colour": "viridis"}.items():
        path = tmp_path / f"{name}.png"
        image.imsave(path, map_.astype(float), cmap=colours or "gray")
        assert np.array_equal(maps.from_image(path), map_)
        assert np.array_equal(maps.from_image(str(path), invert=True), ~map_)
    assert np.array_equal(maps.from_image(map_ * 7 + 1, threshold=3.0), map_)


def test_a_picture_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "not.png"
    path.write_text("no picture")
    with pytest.raises(SettingsError, match="expected a picture"):
        maps.from_image(path)
    with pytest.raises(SettingsError, match="expected a picture"):
        maps.from_image(tmp_path / "absent.png")
    clear = tmp_path / "clear.png"
    image.imsave(clear, np.full((4, 4, 4), 0.5))
    with pytest.raises(SettingsError, match="transparent"):
        maps.from_image(clear)


@given(BOOLEANS, st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0, 9.0]))
def test_what_tomography_leaves_open_encloses_the_map(map_: np.ndarray, resolution: float) -> None:
    seen = maps.from_tomography(map_, pixel=1.0, resolution=resolution)
    assert np.all(seen.most[map_])
    assert np.all(map_[seen.least])
    # Opening and closing: done twice, they change nothing more.
    again = maps.from_tomography(seen.most, pixel=1.0, resolution=resolution)
    assert np.array_equal(again.most, seen.most)
    # Contact and void in each other's place.
    other = maps.from_tomography(~map_, pixel=1.0, resolution=resolution)
    assert np.array_equal(other.most, ~seen.least)


def test_features_narrower_than_the_resolution_go_and_wider_ones_stay() -> None:
    map_ = np.zeros((40, 40), dtype=bool)
    map_[2:5, 2:20] = True  # a stripe 3 wide
    map_[20:35, 20:35] = True  # a block 15 wide
    map_[26:29, 26:29] = False  # with a void 3 wide, and 6 pixels of contact around
    seen = maps.from_tomography(map_, pixel=1.0, resolution=5.0)
    assert not seen.least[:10].any()
    assert seen.least[20:26, 22:33].all()
    assert not seen.least[26:29, 26:29].any()
    assert seen.most[20:35, 20:35].all()
    assert not seen.most[36:, :].any()
    same = maps.from_tomography(map_, pixel=1.0, resolution=2.0)
    assert np.array_equal(same.most, map_)
    assert np.array_equal(same.least, map_)


def test_a_resolution_beyond_the_face_sees_nothing() -> None:
    # The distance to the nearest image is half a side at most: no need to unroll a million pixels.
    seen = maps.from_tomography(field(), pixel=PIXEL, resolution=1e6 * PIXEL)
    assert seen.most.all()
    assert not seen.least.any()


@given(hnp.arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8))), st.floats(1.0, 9.0))
def test_the_nearest_image_decides_how_far_a_pixel_is(map_: np.ndarray, reach: float) -> None:
    places = np.argwhere(map_)
    found = pictures._widened(map_, reach)
    for place in np.ndindex(*map_.shape):
        way = places - np.asarray(place)
        way = np.minimum(way % map_.shape, -way % map_.shape)
        near = bool(np.any((way**2).sum(axis=1) <= reach**2))
        assert found[place] == near


def test_a_tomogram_keeps_its_own_copy() -> None:
    map_ = field()
    seen = maps.from_tomography(map_, pixel=PIXEL, resolution=PIXEL)
    assert not any(np.shares_memory(each, map_) for each in (seen.contact, seen.most, seen.least))


def resistance(map_: np.ndarray, film: float = 0.0) -> float:
    found = constriction(
        map_,
        pixel=PIXEL,
        thickness=20 * PIXEL,
        conductivity=1e-3,
        film_resistance=film,
        fields=False,
        tolerance=1e-8,
    )
    return float(found.impedance)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.0, 0.1]))
def test_unseen_voids_make_a_lower_bound_and_unseen_contacts_an_upper_one(
    seed: int, film: float
) -> None:
    kwargs = {"correlation": 5 * PIXEL, "pixel": PIXEL, "seed": seed}
    map_ = maps.gaussian_field((20, 24), fraction=0.4, **kwargs)
    specks = np.random.default_rng(seed).random(map_.shape) < 0.05
    seen = resistance(map_, film)
    # The tolerance is that of the solver, squared or not.
    slack = 1e-7 * seen
    assert resistance(map_ & ~specks, film) >= seen - slack
    assert resistance(map_ | specks, film) <= seen + slack
    bounds = maps.from_tomography(map_, pixel=PIXEL, resolution=3 * PIXEL)
    assert resistance(bounds.most, film) <= seen + slack
    if bounds.least.any():
        assert resistance(bounds.least, film) >= seen - slack


def test_the_note_names_both_sides() -> None:
    note = maps.from_tomography(field(), pixel=PIXEL, resolution=1.3e-4).note
    assert "0.00013 cm" in note
    assert "lower bound" in note
    assert "upper bound" in note


@pytest.mark.parametrize("sides", ["periodic", "mirror"])
def test_the_measures_of_a_block_are_counted_by_hand(sides: str) -> None:
    map_ = np.zeros((10, 12), dtype=bool)
    map_[3:7, 2:8] = True
    measures = statistics(map_, pixel=0.5, sides=sides)
    assert measures.fraction == 24 / 120
    assert (measures.spots, measures.voids) == (1, 1)
    assert measures.perimeter == pytest.approx(np.pi / 4 * 20 * 0.5)
    # 4 rows of 6 and 6 columns of 4 pixels, half a cm each.
    assert measures.mean_chord == pytest.approx((4 * 6 + 6 * 4) / 10 * 0.5)
    assert measures.equivalent_radius == pytest.approx(np.sqrt(24 / np.pi) * 0.5)


def test_a_spot_through_the_sides_is_one_if_they_are_periodic_and_four_if_not() -> None:
    map_ = np.zeros((8, 8), dtype=bool)
    map_[[0, 0, -1, -1], [0, -1, 0, -1]] = True
    assert statistics(map_, pixel=1.0).spots == 1
    assert statistics(map_, pixel=1.0, sides="mirror").spots == 4


@given(BOOLEANS, st.integers(0, 11), st.integers(0, 11))
def test_measures_do_not_depend_on_where_a_periodic_map_starts(
    map_: np.ndarray, down: int, right: int
) -> None:
    here = statistics(map_, pixel=1.0)
    there = statistics(np.roll(map_, (down, right), (0, 1)), pixel=1.0)
    for name in ("fraction", "spots", "voids", "perimeter", "mean_chord"):
        assert getattr(here, name) == getattr(there, name)
    assert there.correlation_length == pytest.approx(here.correlation_length, nan_ok=True)


@given(BOOLEANS, st.integers(1, 3))
def test_splitting_pixels_leaves_lengths_and_counts(map_: np.ndarray, factor: int) -> None:
    before = statistics(map_, pixel=1.0)
    after = statistics(maps.split(map_, factor), pixel=1.0 / factor)
    assert (after.spots, after.voids) == (before.spots, before.voids)
    assert after.fraction == pytest.approx(before.fraction)
    assert after.perimeter == pytest.approx(before.perimeter)
    assert after.mean_chord == pytest.approx(before.mean_chord)


def test_a_factor_of_any_whole_type_splits() -> None:
    assert np.array_equal(maps.split(field(), np.int64(2)), maps.split(field(), 2))  # type: ignore[arg-type]


@given(BOOLEANS)
def test_tiling_keeps_the_fraction_and_multiplies_the_outline(map_: np.ndarray) -> None:
    one, six = (statistics(each, pixel=1.0) for each in (map_, maps.tiled(map_, (2, 3))))
    assert six.fraction == pytest.approx(one.fraction)
    assert six.perimeter == pytest.approx(6 * one.perimeter)


@given(BOOLEANS)
def test_the_measures_of_the_opposite_map_change_places(map_: np.ndarray) -> None:
    one, other = statistics(map_, pixel=1.0), statistics(~map_, pixel=1.0)
    assert other.fraction == pytest.approx(1.0 - one.fraction)
    assert (other.spots, other.voids) == (one.voids, one.spots)
    assert other.mean_void_chord == one.mean_chord
    assert other.void_radius == one.equivalent_radius


def test_an_empty_and_a_full_map_have_measures_too() -> None:
    empty = statistics(np.zeros((4, 5), dtype=bool), pixel=1.0)
    full = statistics(np.ones((4, 5), dtype=bool), pixel=1.0)
    assert (empty.spots, empty.voids, empty.mean_chord) == (0, 1, 0.0)
    assert (full.spots, full.voids, full.mean_void_chord) == (1, 0, 0.0)
    assert empty.mean_void_chord == full.mean_chord == np.inf
    assert np.isnan(empty.correlation_length)
    assert empty.equivalent_radius == 0.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: discs(1.1), "fraction: expected 0 to 1, found 1.1"),
        (lambda: discs(np.nan), "fraction"),
        (lambda: discs(0.51, overlap=False), "Try overlap=True"),
        (lambda: discs(radius=0.5 * PIXEL), "pixel/√2"),
        (lambda: discs(radius=41 * PIXEL), "half the shorter side"),
        (lambda: discs(pixel=0.0), "pixel: expected one number above 0"),
        (lambda: field(correlation=-1.0), "correlation"),
        (lambda: field(seed=-1), "seed"),
        (lambda: discs(seed=0.5), "seed"),  # type: ignore[arg-type]
        (lambda: field(correlation=np.nan), "correlation"),
        (lambda: rough(hurst=1.1), "hurst: expected 0 to 1"),
        (lambda: rough(rms=0.0), "rms"),
        (lambda: rough(cutoff=PIXEL), "two pixels"),
        (lambda: rough(rolloff=3 * PIXEL, cutoff=4 * PIXEL), "less than the rolloff"),
        (lambda: rough(cutoff=1.0), "holds no wavelength"),
        (lambda: maps.random_discs((0, 4), fraction=0, radius=1, pixel=1, seed=0), "1 or more"),
        (lambda: maps.tiled(field(), (1.5, 2)), "two whole numbers"),  # type: ignore[arg-type]
        (lambda: maps.tiled(field(), 2), "two whole numbers"),  # type: ignore[arg-type]
        (lambda: maps.split(field(), 0), "factor"),
        (lambda: maps.split(field(), True), "factor"),
        (lambda: discs("0.3"), "fraction"),  # type: ignore[arg-type]
        (lambda: discs(None), "fraction"),  # type: ignore[arg-type]
        (lambda: discs(radius="6"), "radius"),
        (lambda: field(correlation="6"), "correlation"),
        (lambda: field(correlation=None), "correlation"),
        (lambda: field(seed=True), "seed"),
        (lambda: rough(hurst="0.8"), "hurst"),
        (lambda: rough(hurst=None), "hurst"),
        (lambda: rough(rms="1"), "rms"),
        (lambda: maps.highest(np.zeros((3, 3)), "0.5"), "fraction"),  # type: ignore[arg-type]
        (lambda: maps.bearing_area(np.zeros((3, 3)), "high"), "level"),
        (lambda: maps.from_image(np.zeros((3, 3)), threshold=None), "threshold"),  # type: ignore[arg-type]
        (lambda: maps.from_image(np.ma.zeros((3, 3))), "mask"),
        (lambda: maps.highest(np.ma.zeros((3, 3)), 0.5), "mask"),
        (lambda: maps.bearing_area(np.ma.zeros((3, 3)), 0.5), "mask"),
        (lambda: statistics(np.ma.zeros((3, 3), dtype=bool), pixel=1.0), "mask"),
        (lambda: statistics(field(), pixel=1.0, sides=["mirror"]), "sides"),  # type: ignore[arg-type]
        (lambda: maps.split(np.zeros((2, 3, 3)), 2), "one map"),
        (lambda: maps.highest(np.full((3, 3), np.nan), 0.5), "NaN"),
        (lambda: maps.bearing_area(np.zeros(3), 0.0), "map"),
        (lambda: maps.bearing_area(np.zeros((3, 3)), np.nan), "level"),
        (lambda: maps.from_image(np.zeros((3, 3, 3))), "source"),
        (lambda: maps.from_image(np.zeros((3, 3)), threshold=np.nan), "threshold"),
        (lambda: maps.from_tomography(field(), pixel=1.0, resolution=0.0), "resolution"),
        (lambda: statistics(np.full((3, 3), 0.5), pixel=1.0), "contact"),
        (lambda: statistics(field(), pixel=-1.0), "pixel"),
        (lambda: statistics(field(), pixel=1.0, sides="open"), "sides"),
    ],
)
def test_what_cannot_be_is_one_sentence(call: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        call()
