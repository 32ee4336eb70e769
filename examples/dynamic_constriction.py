"""Dynamic constriction: what voids at an interface do to its spectrum, and what they cannot do.

Three findings of our own, each computed from a contact map, with noise added, and read off its
distribution of relaxation times as a measured spectrum would be:

1. Voids give a second arc only where they charge faster than the contacts' film.
2. At constant contact fraction the arc's frequency falls as 1/size, if the depth stays; if the
   depth grows with the size, it stays too.
3. A shallower void is never the faster one: its gap holds more charge.

    python examples/dynamic_constriction.py
"""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr
from scipy.signal import find_peaks

import anodescope as an
from anodescope.contact import constriction

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


def period_for(tau, capacitance):
    """Period (cm) at which voids of a capacitance (F/cm²) put the constriction at `tau` (s)."""
    return tau * CONDUCTIVITY / (own()[1] * capacitance)


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
    for name, capacitance in (("empty voids 1 nm deep", gap(1e-7)), ("10 µF/cm²", 1e-5)):
        print(f"   a constriction at 1e-03 s takes {period_for(1e-3, capacitance):.2g} cm: {name}")


if __name__ == "__main__":
    main()
