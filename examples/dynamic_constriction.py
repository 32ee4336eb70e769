"""Dynamic constriction: what voids at an interface do to its spectrum, and what they cannot do.

Three findings of our own, each computed from a contact map, with noise added, and read off its
distribution of relaxation times as a measured spectrum would be:

1. Voids give a second arc only where they charge faster than the contacts' film.
2. At constant contact fraction the arc's frequency falls as 1/size, if the depth stays; if the
   depth grows with the size, it stays too.
3. Of voids of one outline the shallower is never the faster: its gap holds more charge. Where the
   outline changes too, or where voids move, a shallow void can be the faster one.

    python examples/dynamic_constriction.py
"""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr
from scipy.signal import find_peaks

import anodescope as an
from anodescope.contact import constriction
from anodescope.contact.evolving import Cap, Laws, Pancake, Voids, step

VACUUM = 8.8541878128e-14  # F/cm
CONDUCTIVITY = 5e-4  # S/cm, of NASICON (assumed)
RELATIVE_PERMITTIVITY = 30.0  # of NASICON (assumed)
THICKNESS = 0.15  # cm
PERIOD = 1e-2  # cm, from one contact to the next: the "size" of the pattern
FRACTION = 0.3  # of the face in contact
PIXELS = 32  # per period
NOISE = 1e-3  # of |Z|, each part
WIRES = 1.0  # Ω·cm², in series with the interface, so that noise has something to be a share of
LEAST = 0.05  # of all area of γ: below it, nothing is called an arc
APART = 0.3  # decades: nearer maxima are one arc
FREQUENCY = np.logspace(-2, 10, 121)
ELECTROLYTE = RELATIVE_PERMITTIVITY * VACUUM / CONDUCTIVITY  # s, its own relaxation time


def spots(pixels=PIXELS, fraction=FRACTION):
    """One round contact in the middle of a period; the rest is void."""
    x = np.arange(pixels) - (pixels - 1) / 2
    distance = np.hypot(x[:, None], x[None, :]).ravel()
    contact = np.zeros(distance.size, dtype=bool)
    contact[np.argsort(distance, kind="stable")[: round(fraction * distance.size)]] = True
    return contact.reshape(pixels, pixels)


def gap(depth):
    """Capacitance (F/cm²) of an empty void of some depth (cm), as a plate capacitor has it."""
    return VACUUM / depth


def spectrum(*, period=PERIOD, contact=None, frequency=FREQUENCY, **interface):
    """Solve one interface; what is not given is perfect contact and empty electrolyte."""
    contact = spots() if contact is None else contact
    return constriction(
        contact,
        pixel=period / len(contact),
        thickness=THICKNESS,
        conductivity=CONDUCTIVITY,
        frequency=frequency,
        fields=False,
        **interface,
    )


def noisy(impedance, seed):
    """Add what an instrument adds."""
    draw = np.random.default_rng(seed).standard_normal((2, impedance.size))
    return impedance * (1 + NOISE * (draw[0] + 1j * draw[1]))


def distribution(impedance, frequency=FREQUENCY, seed=0) -> xr.Dataset:
    """γ (Ω·cm² per unit ln τ) of a spectrum after noise."""
    return an.drt((frequency, noisy(impedance, seed))).isel(spectrum=0)


def interface_distribution(seed=0, **interface):
    """γ of the interface alone: the electrolyte, which is known here, is subtracted."""
    found = spectrum(**interface)
    return distribution(WIRES + (found["impedance"] - found["slab"]).values, seed=seed)


def arcs(gamma):
    """Time constants (s) of the arcs, fast ones first: maxima of γ with area about them.

    What lies nearer than `APART` decades is one arc (a single R ‖ C may come out as two maxima),
    and what holds less than `LEAST` of all area within `APART` is none.
    """
    values, tau = np.nan_to_num(gamma["gamma"].values), gamma["tau"].values
    apart = max(round(APART / np.log10(tau[1] / tau[0])), 1)
    places = find_peaks(np.pad(values, 1), distance=apart)[0] - 1
    areas = np.convolve(values, np.ones(2 * apart + 1), mode="same")[places]
    return tau[places[areas > LEAST * values.sum()]]


def peak(gamma):
    """Time constant (s) of the largest maximum, between the points of γ by a parabola."""
    values, logs = np.nan_to_num(gamma["gamma"].values), np.log(gamma["tau"].values)
    at = int(np.clip(values.argmax(), 1, values.size - 2))
    before, top, after = values[at - 1 : at + 2]
    shift = 0.5 * (before - after) / (before - 2 * top + after)
    return float(np.exp(logs[at] + shift * (logs[at + 1] - logs[at])))


def slope(x, y):
    """Exponent p of y ∝ x^p."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


# 1. One arc or two


@cache
def own():
    """Resistance (Ω·cm²) of the constriction alone, and its time over C × period / κ."""
    unit = 1e-6  # F/cm²: any, where nothing else is a time
    resistance = float(spectrum(frequency=None)["constriction"])
    tau = peak(interface_distribution(gap_capacitance=unit))
    return resistance, tau * CONDUCTIVITY / (unit * PERIOD)


def two_times(charge_transfer, ratio, film_time=1e-3, seed=0):
    """γ where charge transfer is `charge_transfer` times the constriction, at a ratio of times.

    `ratio` is the time of the constriction, charged through the voids, over that of the film.
    """
    resistance, share = own()
    film = charge_transfer * resistance * FRACTION
    void = ratio * film_time * CONDUCTIVITY / (share * PERIOD)
    return interface_distribution(
        seed,
        film_resistance=film,
        film_capacitance=film_time / film,
        gap_capacitance=void,
    )


def circuit_shares(charge_transfer, ratio):
    """Shares of the two arcs, fast one first, in a circuit C ‖ (R + R_f ‖ C_f) of the same numbers.

    With R = 1 and R_f C_f = 1, C is `ratio`, R_f is `charge_transfer`, and the impedance
    (s + 1 + R_f) / (C s² + (1 + C + C R_f) s + 1).
    """
    slowed = np.array([ratio, 1 + ratio * (1 + charge_transfer), 1.0])
    poles = np.sort(np.roots(slowed).real)
    parts = (poles + 1 + charge_transfer) / np.polyval(np.polyder(slowed), poles) / -poles
    return parts / parts.sum()


# 2. Size, 3. depth


def times_against_size(periods, depth=None, aspect=None):
    """Time constant (s) for each period: voids of one depth (cm), or as deep as `aspect` × it."""
    return np.array(
        [
            peak(interface_distribution(period=one, gap_capacitance=gap(depth or aspect * one)))
            for one in periods
        ]
    )


def distributions_against_depth(depths):
    """γ of the interface for each depth (cm), with the electrolyte's own permittivity."""
    permittivity = RELATIVE_PERMITTIVITY * VACUUM
    return [
        interface_distribution(permittivity=permittivity, gap_capacitance=gap(depth))
        for depth in depths
    ]


def saturated(capacitance, fraction=FRACTION):
    """Time (s) that patterns far wider than the electrolyte is thick approach, whatever their size.

    Current then runs straight down: a column under a void is a resistance L/κ and a capacitance in
    series, beside the columns under contacts. At one current the voids relax with C L/(κ fraction).
    """
    return capacitance * THICKNESS / (CONDUCTIVITY * fraction)


def period_for(tau, capacitance):
    """Period (cm) at which voids of a capacitance (F/cm²) put the constriction at `tau` (s).

    Raises
    ------
    ValueError
        for times that would take a period above the electrolyte's thickness, where time no longer
        grows with the period.
    """
    period = tau * CONDUCTIVITY / (own()[1] * capacitance)
    # The law is for periods far below the thickness; at one thickness it is still good to 3 %.
    if period > 1.05 * THICKNESS:
        raise ValueError(
            f"tau: {tau:g} s would take a period of {period:.2g} cm, where the law holds below "
            f"about {THICKNESS:g} cm. No pattern takes longer than {saturated(capacitance):.2g} s."
        )
    return period


def reach(tau, capacitance):
    """Say the period that a time takes, or that there is none."""
    try:
        return f"{period_for(tau, capacitance):.2g} cm"
    except ValueError:
        return f"none (at most {saturated(capacitance):.2g} s)"


def ordered_times(contact, capacitance, *, pixel=1e-4, thickness=THICKNESS):
    """All time constants (s) of a small map with perfect contact, slow ones first.

    Parameters
    ----------
    contact : (y, x) bool.
    capacitance : F/cm², of each void (void,), in the order of `contact[~contact]`.

    Notes
    -----
    With no current from outside, voids at voltages v across their gaps hold the charge C v and lose
    the current G v: C v = τ G v. Each ordered τ is a largest-least value of vᵀCv / vᵀGv, which
    grows, or stays, where any capacitance does (Courant, Fischer).
    """
    inverse = np.linalg.inv(face_resistance(contact.shape, pixel, thickness))
    # The electrode floats: what one potential everywhere would draw is taken off.
    drawn = inverse.sum(axis=0)
    inverse -= np.outer(drawn, drawn) / drawn.sum()
    void = ~contact.ravel()
    root = np.sqrt(np.asarray(capacitance))
    scaled = root[:, None] * np.linalg.inv(inverse[np.ix_(void, void)]) * root
    return np.sort(np.linalg.eigvalsh(0.5 * (scaled + scaled.T)))[::-1]


def face_resistance(shape, pixel, thickness):
    """Potential (V) of each pixel for 1 A/cm² into another: (pixel, pixel), Ω·cm², periodic.

    The wave of current k leaves tanh(kL)/(κk), and pixels average: their waves are summed here over
    so many aliases as a small matrix allows.
    """
    many = 32
    total = np.zeros(shape)
    ny, nx = shape
    for row in range(-many, many + 1):
        for column in range(-many, many + 1):
            y = np.fft.fftfreq(ny)[:, None] + row
            x = np.fft.fftfreq(nx)[None, :] + column
            k = 2 * np.pi * np.hypot(y, x) / pixel
            with np.errstate(divide="ignore", invalid="ignore"):
                reach = np.where(k == 0.0, thickness, np.tanh(k * thickness) / k)
            total += reach * (np.sinc(y) * np.sinc(x)) ** 2
    kernel = np.fft.ifft2(total).real / CONDUCTIVITY
    rows, columns = (places.ravel() for places in np.indices(shape))
    return kernel[(rows[:, None] - rows[None, :]) % ny, (columns[:, None] - columns[None, :]) % nx]


def time_of_pore(period, depth):
    """Time (s) of a pattern of voids of some depth (cm) and period (cm), without a film."""
    return own()[1] * gap(depth) * period / CONDUCTIVITY


def half_gone(depth, period=PERIOD):
    """Frequency (Hz) at which voids of some depth (cm) have bridged half of the constriction."""
    frequency = np.logspace(0, 10, 401)
    found = spectrum(period=period, gap_capacitance=gap(depth), frequency=frequency)
    left = (found["impedance"] - found["slab"]).values.real
    return float(np.exp(np.interp(0.5 * left[0], left[::-1], np.log(frequency)[::-1])))


def refill_time(shape, radius, flux, pitch):
    """Time (s) after which a flux (cm/s, negative) has filled a void of one outline, and its depth.

    Found by `contact.evolving`: voids on a lattice of `pitch` (cm), steps of a thousandth of it.
    """
    volume = float(shape.volume(np.asarray(radius)))
    state = Voids.regular((pitch, pitch), (1, 1), volume=volume, shape=shape)
    duration = volume / (pitch**2 * -flux) / 1000
    laws = Laws(flux=flux)
    while state.volumes.size:
        state = step(state, duration, laws)
    return state.time


def main():
    """Print the three findings."""
    resistance, share = own()
    print(f"constriction alone: {resistance:.2f} Ω·cm², τ = {share:.3f} C × period / κ")
    for ratio in (1e-2, 1e2):
        times = ", ".join(f"{tau:.1e} s" for tau in arcs(two_times(1.0, ratio)))
        print(f"1. voids {ratio:g} times as slow as the film of 1e-03 s: arcs at {times}")
    periods = np.logspace(-4, -1, 7)
    one = slope(periods, 1 / times_against_size(periods, depth=1e-5))
    other = slope(periods, 1 / times_against_size(periods, aspect=1e-3))
    print(f"2. frequency ∝ size^{one:.3f} at one depth, size^{other:.3f} where depth ∝ size")
    depths = np.logspace(-7, -1, 7)
    found = [peak(gamma) for gamma in distributions_against_depth(depths)]
    print(
        f"3. frequency ∝ depth^{slope(depths[:3], 1 / np.array(found[:3])):.3f} from 1 to 100 nm,"
    )
    print(f"   at last {found[-1]:.2e} s, where the electrolyte relaxes in {ELECTROLYTE:.2e} s")
    for tau in (1e-4, 1e-3):
        for name, capacitance in (("empty voids 1 nm deep", gap(1e-7)), ("10 µF/cm²", 1e-5)):
            print(f"   period for a constriction at {tau:g} s: {reach(tau, capacitance)}, {name}")
    for name, (small, other) in readings().items():
        print(f"3. {name}: {small:.3g}, {other:.3g}")


# Radius (cm), flux (cm/s) and pitch (cm) of the voids that are refilled; 2.5e-7 is 1 mA/cm² of Na.
BASE, PLATING, PITCH = 10e-4, -2.5e-7, 40e-4


def readings():
    """In what sense a shallow void can be the faster one: (shallow, deep) of each, by name."""
    wide, small = PERIOD, PERIOD / 100
    return {
        "τ (s), 1 nm deep per 1 µm, and 10 nm deep per 100 µm": (
            time_of_pore(small, 1e-7),
            time_of_pore(wide, 1e-6),
        ),
        "τ (s), depth = period / 1000, period 1 µm and 100 µm": (
            time_of_pore(small, 1e-3 * small),
            time_of_pore(wide, 1e-3 * wide),
        ),
        "constriction half gone at (Hz), 1 nm and 100 nm deep": (half_gone(1e-7), half_gone(1e-5)),
        "refilled at 1 mA/cm² after (s), pancakes 10 nm and 1 µm deep": (
            refill_time(Pancake(1e-6), BASE, PLATING, PITCH),
            refill_time(Pancake(1e-4), BASE, PLATING, PITCH),
        ),
        "the same, caps with a contact angle of 150° and 90°": (
            refill_time(Cap(150.0), BASE, PLATING, PITCH),
            refill_time(Cap(90.0), BASE, PLATING, PITCH),
        ),
    }


if __name__ == "__main__":
    main()
