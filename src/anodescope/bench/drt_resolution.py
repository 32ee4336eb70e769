"""Named comparison: how far apart two equal processes must be to be seen as two.

Two ZARCs of equal resistance, R0 and 65 frequencies from 1 MHz to 10 mHz; their distance and the
noise vary, with several draws of the noise. They count as resolved when γ has exactly two maxima
that stand out, each within a quarter of the distance (at least 0.05 decade) from its true place.
The true γ itself has two maxima only beyond some distance, which is printed beside: no method can
be asked for more than that.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np
import numpy.typing as npt

from anodescope.bench.spectra import noisy, zarc, zarc_gamma
from anodescope.impedance import drt
from anodescope.impedance.loggp.method import LogGaussian

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

SEED = 20261103
PHIS = (0.95, 0.8)
NOISES = (3e-4, 1e-3, 3e-3, 1e-2)
DISTANCES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.5)
DRAWS = 20
# A maximum stands out when ln γ falls by this much on both sides and it is no crumb.
PROMINENCE, LEAST_SHARE = 0.03, 0.1
MARKS = "osD^v<>p"


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One distance at one noise.

    Attributes
    ----------
    phi, distance, noise : exponent of both ZARCs, decades between them, noise over |Z|.
    draws, resolved : how many spectra, and the share in which both were seen.
    true_maxima : maxima of the true γ.
    """

    phi: float
    distance: float
    noise: float
    draws: int
    resolved: float
    true_maxima: int


def run_resolution(
    *,
    phis: Sequence[float] = PHIS,
    noises: Sequence[float] = NOISES,
    distances: Sequence[float] = DISTANCES,
    draws: int = DRAWS,
) -> list[Row]:
    """Invert pairs at every distance and noise, each spectrum by itself."""
    generator = np.random.default_rng(SEED)
    rows = []
    for phi in phis:
        for noise in noises:
            for distance in distances:
                frequency, clean = pair(distance, phi)
                each = np.tile(clean, (draws, 1))
                spectra = noisy(each, noise * np.abs(each), generator)
                node = drt((frequency, spectra), LogGaussian(joint=False))
                ln_tau, centres = np.log(node["tau"].values), _centres(distance)
                seen = [_resolved(ln_tau, g, centres) for g in node["gamma"].values]
                truth = _gamma(np.exp(ln_tau), distance, phi)
                maxima = len(standing_maxima(ln_tau, truth))
                rows.append(Row(phi, distance, noise, draws, float(np.mean(seen)), maxima))
    return rows


def _centres(distance: float) -> Floats:
    """Relaxation times (s) about 1 ms."""
    return np.asarray(10 ** (-3 + distance * np.array([-0.5, 0.5])))


def pair(distance: float, phi: float) -> tuple[Floats, Complexes]:
    """Return frequencies (Hz, descending) and the clean impedance (Ω) of two equal ZARCs."""
    frequency = np.logspace(6, -2, 65)
    parts = [
        zarc(frequency, np.array(100.0), np.array(centre), np.array(phi))
        for centre in _centres(distance)
    ]
    return frequency, np.asarray(20.0 + sum(parts), dtype=np.complex128)


def _gamma(tau: Floats, distance: float, phi: float) -> Floats:
    parts = [
        zarc_gamma(tau, np.array(100.0), np.array(centre), np.array(phi))
        for centre in _centres(distance)
    ]
    return np.asarray(sum(parts))


def standing_maxima(ln_tau: Floats, gamma: Floats) -> Floats:
    """Return where (ln τ) γ has maxima that stand out, by parabolas through ln γ."""
    u = np.log(np.maximum(gamma, 1e-12 * gamma.max()))
    inner = u[1:-1]
    peaks = np.flatnonzero(
        (inner >= u[:-2]) & (inner > u[2:]) & (inner > u.max() + np.log(LEAST_SHARE))
    )
    places = []
    for k in peaks + 1:
        above_left, above_right = np.flatnonzero(u[:k] > u[k]), np.flatnonzero(u[k + 1 :] > u[k])
        left = u[above_left[-1] if above_left.size else 0 : k + 1].min()
        right = u[k : (k + 1 + above_right[0] if above_right.size else u.size - 1) + 1].min()
        if u[k] - max(left, right) > PROMINENCE:
            bend = u[k - 1] - 2 * u[k] + u[k + 1]
            shift = 0.5 * (u[k - 1] - u[k + 1]) / bend if bend < 0 else 0.0
            places.append(ln_tau[k] + shift * (ln_tau[1] - ln_tau[0]))
    return np.array(places)


def _resolved(ln_tau: Floats, gamma: Floats, centres: Floats) -> bool:
    places = standing_maxima(ln_tau, gamma)
    if places.size != centres.size:
        return False
    apart = np.log(centres[1] / centres[0])
    reach = max(0.25 * apart, 0.05 * np.log(10))
    return bool((np.abs(places - np.log(centres)) <= reach).all())


def save(rows: Sequence[Row], data: Path, figure: Path | None = None) -> None:
    """Write the rows as JSON, and the figure of them."""
    data.parent.mkdir(parents=True, exist_ok=True)
    data.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
    if figure is not None:
        draw(rows, figure)


def load(data: Path) -> list[Row]:
    """Read rows that `save` wrote."""
    return [Row(**row) for row in json.loads(data.read_text(encoding="utf-8"))]


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw the share resolved over distance, one panel for each φ, one line for each noise."""
    from anodescope.report.style import journal_style

    with journal_style():
        _draw(rows, path)


def _draw(rows: Sequence[Row], path: Path) -> None:
    from anodescope.report.style import DOUBLE, letter, new_figure, place

    phis = sorted({row.phi for row in rows}, reverse=True)
    noises = sorted({row.noise for row in rows})
    wide = (DOUBLE - 1.2 - 0.3 * len(phis)) / len(phis)
    figure = new_figure(DOUBLE, 5.6)
    for number, phi in enumerate(phis):
        panel = place(figure, 1.2 + number * (wide + 0.3), 0.7, wide, 3.9)
        _panel(panel, [row for row in rows if row.phi == phi], noises)
        panel.set_title(f"two equal ZARCs, φ = {phi:g}", pad=3)
        panel.set_xlabel("distance (decades of τ)")
        letter(figure, panel, "abcdefgh"[number], left=0.9 if not number else 0.15, up=0.3)
        if number:
            panel.set_yticklabels([])
        else:
            panel.set_ylabel("share resolved")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=200, metadata={"Software": None})


def _panel(panel: Axes, rows: Sequence[Row], noises: Sequence[float]) -> None:
    """Draw one φ; the names of the lines stand in the order of the noise."""
    from anodescope.report.style import GREY, PALE, shades

    hidden = [row.distance for row in rows if row.true_maxima < 2]
    if hidden:
        panel.axvspan(0, max(hidden), color=PALE, alpha=0.45, lw=0, zorder=0)
        panel.text(0.5 * max(hidden), 0.5, "the true γ has one maximum", rotation=90,
                   ha="center", va="center", fontsize=6, color=GREY)  # fmt: skip
    for noise, colour, mark in zip(noises, shades(len(noises)), MARKS, strict=False):
        line = [row for row in rows if row.noise == noise]
        panel.plot([r.distance for r in line], [r.resolved for r in line], color=colour,
                   marker=mark, label=f"{100 * noise:g} %")  # fmt: skip
    panel.set_xlim(0, max(row.distance for row in rows) * 1.03)
    panel.set_ylim(-0.03, 1.03)
    panel.legend(title="noise of |Z|", title_fontsize=6, loc="lower right")
