"""Contacts that have a formula: what the solver is held against, and what an estimate needs.

All are for direct current through contacts without a film on an electrolyte of one conductivity κ,
the rest of the face insulating; they go as 1/κ, so κ/(κ + iωε) times them is the impedance at an
angular frequency ω. "Resistance" (Ω) is that from one contact to a counter electrode far away;
"constriction" (Ω·cm²) is what a square centimetre of face costs more than the even slab. The
classical works on the disc are those of J. C. Maxwell (Treatise, 1873) and R. Holm (Electric
Contacts, doi:10.1007/978-3-662-06688-1).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from anodescope.citations import relies_on
from anodescope.contact.checks import number, whole
from anodescope.contact.face import plain, positive
from anodescope.errors import SettingsError

Array = np.ndarray[Any, np.dtype[Any]]

# Σ' 1/|R|ˢ over the square lattice of period 1, for s = 1 (against an even background), 3 and 5:
# 4 ζ(s/2) β(s/2).
_LATTICE = (-3.9002649200019564, 9.033621683100948, 5.090258233665483)

# How much wider an electrode on a thin slab is for the current, at each of its edges, over the
# thickness of the slab.
EDGE = 2.0 * float(np.log(2.0)) / np.pi


def maxwell_disc(conductivity: Any, radius: Any) -> Any:
    """Return the resistance (Ω) from a disc (radius in cm) into a half-space: 1/(4κa)."""
    return 1.0 / (4.0 * _above("conductivity", conductivity) * _above("radius", radius))


def holm_two_sided(conductivity: Any, radius: Any) -> Any:
    """Return the resistance (Ω) of a round spot between two half-spaces of one κ: 1/(2κa)."""
    return 2.0 * maxwell_disc(conductivity, radius)


def full_contact(conductivity: Any, thickness: Any) -> Any:
    """Return the impedance (Ω·cm²) of the even slab: L/κ."""
    return _above("thickness", thickness) / _above("conductivity", conductivity)


def strips(conductivity: float, period: float, fraction: float, thickness: float = np.inf) -> float:
    """Return the constriction (Ω·cm²) of parallel strips of contact, exactly.

    On a thick slab p ln(1/sin(πf/2))/(πκ). Otherwise half a period is mapped onto a rectangle
    between its electrodes, by elliptic functions of parameter m, K'(m)/K(m) = 2L/p, and parameter
    n = m sn²(fK | m): constriction = p K'(n)/(2κK(n)) − L/κ.

    Parameters
    ----------
    period : from strip to strip (cm).
    fraction : width of a strip over the period, 0 < f ≤ 1.
    thickness : of the slab (cm), a tenth of the period at least; thinner ones lose digits, and
        `thin_slab` is exact for them.

    Raises
    ------
    SettingsError
        for numbers out of these ranges.
    """
    from scipy.special import ellipj, ellipk, ellipkm1

    kappa, period = positive("conductivity", conductivity, "S/cm"), positive("period", period, "cm")
    _between("fraction", fraction, 0.0, 1.0)
    # An infinite slab is one number that `positive` refuses.
    if not (isinstance(thickness, float) and thickness == np.inf):
        thickness = positive("thickness", thickness, "cm")
    _between("thickness over period", thickness / period, 0.1, np.inf)
    # Beyond this the slab's end changes no digit.
    if thickness > 20.0 * period:
        return float(-period * np.log(np.sin(0.5 * np.pi * fraction)) / (np.pi * kappa))
    m, rest = _parameter(2.0 * thickness / period)
    sn, cn, _, _ = ellipj(fraction * ellipkm1(rest), m)
    n, other = m * sn**2, rest + m * cn**2
    # Each integral from the side where its parameter is known to all digits.
    wide = ellipkm1(other) if other < 0.5 else ellipk(n)
    long = ellipkm1(n) if n < 0.5 else ellipk(other)
    return float((0.5 * period * long / wide - thickness) / kappa)


def annulus(conductivity: float, inner: float, outer: float, *, points: int = 40) -> float:
    """Return the resistance (Ω) from a ring-shaped contact into a half-space.

    There is no closed form (W. R. Smythe and J. C. Cooke give series). The potential of rings,
    2 K(m) r'/(πκ(r + r')), is inverted on Chebyshev points, the logarithm at r = r' integrated
    exactly: digits grow in proportion to the points, and 40 give all of them in the range below.

    Parameters
    ----------
    inner, outer : radii (cm), 0.02 ≤ inner/outer ≤ 0.9999.
    points : on the ring's width, 10 at least.

    Raises
    ------
    SettingsError
        for radii out of that range, and fewer points.
    """
    from scipy.special import ellipk, ellipkm1

    kappa, outer = positive("conductivity", conductivity, "S/cm"), positive("outer", outer, "cm")
    inner, points = positive("inner", inner, "cm"), whole("points", points, 10)
    _between("inner over outer", inner / outer, 0.02, 0.9999)
    half = 0.5 * (1.0 - inner / outer)
    angle = (np.arange(points) + 0.5) * np.pi / points
    place = np.cos(angle)
    r = 1.0 - half + half * place
    apart = place[:, None] - place
    both = r[:, None] + r
    missing = (half * apart / both) ** 2
    smooth = -(8.0 / np.pi) * ellipk(missing) * r / both
    np.fill_diagonal(missing, 1.0)
    np.fill_diagonal(apart, 1.0)
    rest = 4.0 * ellipkm1(missing) * r / both - smooth * np.log(np.abs(apart))
    np.fill_diagonal(rest, 2.0 * np.log(8.0 * r / half))
    orders = np.arange(1, points)
    waves = np.cos(np.outer(angle, orders))
    logarithm = -(np.pi / points) * (np.log(2.0) + 2.0 * (waves / orders) @ waves.T)
    kernel = (smooth * logarithm + rest * np.pi / points) / (2.0 * np.pi)
    density = np.linalg.solve(kernel, np.ones(points))
    current = 2.0 * np.pi * (density * r).sum() * np.pi / points
    return float(1.0 / (kappa * outer * current))


@relies_on("greenwood1966")
def greenwood(conductivity: float, centres: Any, radius: float) -> float:
    """Return the resistance (Ω) of equal discs side by side, by Greenwood's formula.

    1/(4nκa) + Σ_{i≠j} 1/(2πκn²s_ij), one side of it, i and j in either order
    (doi:10.1088/0508-3443/17/12/310): all discs are taken to carry the same current.

    Parameters
    ----------
    centres : (disc, 2) in cm.
    radius : of every disc (cm).

    Raises
    ------
    SettingsError
        for discs that overlap or a list of another shape.
    """
    radius = positive("radius", radius, "cm")
    centres, radii = _discs(centres, radius)
    kappa = positive("conductivity", conductivity, "S/cm")
    count = len(radii)
    apart = _distances(centres)
    others = (1.0 / apart[~np.eye(count, dtype=bool)]).sum()
    own = maxwell_disc(kappa, radius) / count
    return float(own + others / (2.0 * np.pi * kappa * count**2))


def holm_cluster(conductivity: float, radius: float, cluster: float, count: int) -> float:
    """Return the resistance (Ω) of equal discs spread evenly over a round cluster.

    Holm's estimate, 1/(4nκa) + 1/(4κα), one side of it: n discs of radius a side by side, and the
    cluster as one disc of radius α. Greenwood compares it with his sum
    (doi:10.1088/0508-3443/17/12/310). n discs that each stand for an area A have α = √(nA/π).

    The second term is too high: a disc feels an even contact all around, but next to it there is
    none. In hexagonal clusters with even currents (a ≪ α/n) that is 0.35/(κα√n), and the term
    itself is 32/3π² = 1.08 times as much: together 0.35/(κα√n) − 0.02/(κα). At one potential
    (`discs`; 30 to 400 discs, a from 0.2 to 0.49 of their distance) it is 0.16 to 0.27/(κα√n). The
    sum is 35 % too high for 7 discs that nearly touch, 12 % for 61, 4 % for 817.

    Parameters
    ----------
    radius, cluster : a and α (cm).
    count : n, 2 or more; the discs must fit, n a² ≤ α².

    Raises
    ------
    SettingsError
        for numbers out of these ranges.
    """
    count = whole("count", count, 2)
    kappa = positive("conductivity", conductivity, "S/cm")
    a, wide = positive("radius", radius, "cm"), positive("cluster", cluster, "cm")
    if count * a**2 > wide**2:
        raise SettingsError(
            f"count: expected discs that fit into the cluster, count·radius² up to cluster², "
            f"found {count} of radius {a:g} in {wide:g}."
        )
    return float(maxwell_disc(kappa, a) / count + maxwell_disc(kappa, wide))


def discs(conductivity: float, centres: Any, radii: Any) -> tuple[float, Array]:
    """Return the resistance (Ω) of discs at one potential, and the share of current of each.

    Each disc has the current density of a disc alone; between two of them the mean potential is
    (1 + (a_i² + a_j²)/(6s²))/(2πκs). What is left out lowers the resistance, by (a/s)⁴ of it.

    Parameters
    ----------
    centres : (disc, 2) in cm.
    radii : cm, one number or (disc,).

    Raises
    ------
    SettingsError
        for discs that overlap or lists of other shapes.
    """
    centres, radii = _discs(centres, radii)
    kappa = positive("conductivity", conductivity, "S/cm")
    apart = _distances(centres)
    np.fill_diagonal(apart, 1.0)
    spread = (radii[:, None] ** 2 + radii**2) / (6.0 * apart**2)
    matrix = (1.0 + spread) / (2.0 * np.pi * kappa * apart)
    np.fill_diagonal(matrix, maxwell_disc(kappa, radii))
    current = np.linalg.solve(matrix, np.ones(len(radii)))
    return float(1.0 / current.sum()), np.asarray(current / current.sum())


def square_lattice(conductivity: float, period: float, radius: float) -> float:
    """Return the constriction (Ω·cm²) of discs on a square lattice over a thick slab.

    (p²/4κa) [1 − 2.48299 e + 1.91699 e³ + 1.29622 e⁵ + O(e⁶)], e = a/p. Each disc keeps the current
    density of a disc alone and feels the mean potential of the others against the even current of
    the slab: the coefficients are (2/π) S₁, (2/3π) S₃ and (4/5π) S₅ with the lattice's sums
    Σ' |R|⁻ˢ. What is left out is of second order in the change of that density, and lowers it. A
    slab as thick as half a period is thick to exp(−4πL/p).

    Raises
    ------
    SettingsError
        for a radius above 0.35 periods, where the terms left out may pass a few percent.
    """
    kappa, period = positive("conductivity", conductivity, "S/cm"), positive("period", period, "cm")
    e = positive("radius", radius, "cm") / period
    _between("radius over period", e, 0.0, 0.35)
    first, third, fifth = _LATTICE
    series = 1.0 + (2.0 * first * e + 2.0 / 3.0 * third * e**3 + 0.8 * fifth * e**5) / np.pi
    return float(period * series / (4.0 * kappa * e))


def thin_slab(
    conductivity: Any,
    thickness: float,
    fraction: float,
    *,
    perimeter: float = 0.0,
    film: Any = 0.0,
) -> Any:
    """Return the impedance (Ω·cm²) of a slab much thinner than its contacts and voids are wide.

    The current goes straight down: (L/κ + film)/f, an upper bound of any slab's resistance. Without
    a film the current also spreads below the voids, by 2 ln 2/π = 0.4413 thicknesses from each
    straight edge: L/(κ(f + 0.4413 L·perimeter)). What is left out is of second order in L at curved
    edges and corners, and between straight ones exp(−πv/2L) below a void of width v.

    Parameters
    ----------
    fraction : of the face in contact, 0 < f ≤ 1.
    perimeter : length of edge over area of the face (1/cm); 0 leaves the spreading out.
    film : Ω·cm², where in contact; 0 if there is a perimeter.

    Raises
    ------
    SettingsError
        for a film beside a perimeter, and where the edges come closer than two thicknesses.
    """
    _between("fraction", fraction, 0.0, 1.0)
    thickness, film = positive("thickness", thickness, "cm"), _film(film)
    perimeter = number("perimeter", perimeter, "0 or more (1/cm)", least=0.0)
    if perimeter == 0.0:
        return (full_contact(conductivity, thickness) + film) / fraction
    if np.any(film):
        raise SettingsError(
            "film: expected none where current spreads from edges, since the film decides how "
            f"far, found {film!r}. Try perimeter=0 for a bound."
        )
    # Strips of width 2f/perimeter and voids of 2(1 − f)/perimeter have this perimeter.
    narrow = 2.0 * min(fraction, 1.0 - fraction) / perimeter
    _between("thickness over width", thickness / max(narrow, np.finfo(float).tiny), 0.0, 0.5)
    return full_contact(conductivity, thickness) / (fraction + EDGE * thickness * perimeter)


def _parameter(ratio: float) -> tuple[float, float]:
    """The parameter m, and 1 − m, for which K'(m)/K(m) is `ratio`."""
    if ratio < 1.0:
        rest, m = _parameter(1.0 / ratio)
        return m, rest
    nome = np.exp(-np.pi * ratio)
    orders = np.arange(1, 6)
    even = 1.0 + 2.0 * (nome ** (orders**2)).sum()
    odd = 1.0 + 2.0 * ((-1.0) ** orders * nome ** (orders**2)).sum()
    m = 16.0 * nome * ((nome ** (np.arange(6) * np.arange(1, 7))).sum() / even) ** 4
    return float(m), float((odd / even) ** 4)


def _discs(centres: Any, radii: Any) -> tuple[Array, Array]:
    places = plain("centres", centres)
    if places.ndim != 2 or places.shape[1] != 2 or not len(places):
        raise SettingsError(
            f"centres: expected a list (disc, 2) in cm, found an array of shape {places.shape}."
        )
    if places.dtype.kind not in "iuf" or not np.all(np.isfinite(places)):
        raise SettingsError(f"centres: expected finite numbers (cm), found {centres!r:.80}.")
    places = places.astype(float)
    sizes = _above("radii", radii)
    if np.shape(sizes) not in ((), (len(places),)):
        raise SettingsError(
            f"radii: expected one, or {len(places)} as of the centres, found {np.shape(sizes)}."
        )
    sizes = np.broadcast_to(sizes, len(places)).astype(float)
    apart = _distances(places)
    np.fill_diagonal(apart, np.inf)
    if not np.all(apart > sizes[:, None] + sizes):
        raise SettingsError("centres: expected discs that do not touch, found two that overlap.")
    return places, sizes


def _distances(places: Array) -> Array:
    return np.asarray(np.linalg.norm(places[:, None] - places, axis=-1))


def _film(film: Any) -> Any:
    array = plain("film", film)
    good = array.dtype.kind in "iufc" and np.all(np.isfinite(array)) and np.all(array.real >= 0)
    if not good:
        raise SettingsError(f"film: expected finite and 0 or more (Ω·cm²), found {film!r:.80}.")
    return array if array.ndim else array.item()


def _above(name: str, values: Any) -> Any:
    array = plain(name, values)
    good = array.dtype.kind in "iufc" and np.all(np.isfinite(array)) and np.all(array.real > 0)
    if not good:
        raise SettingsError(f"{name}: expected finite and above 0, found {values!r:.80}.")
    return array if array.ndim else array.item()


def _between(name: str, value: Any, least: float, most: float) -> None:
    """Hold one number in (0, most] or [least, most]."""
    found = plain(name, value)
    single = found.dtype.kind in "iuf" and found.ndim == 0
    if not single or not (least <= found <= most and found > 0.0):
        raise SettingsError(f"{name}: expected {least:g} to {most:g}, found {value!r:.80}.")
