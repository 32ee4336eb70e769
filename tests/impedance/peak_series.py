"""Random series of ZARCs with known truth: peaks that drift, appear, vanish, merge, cross, jump."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import pi

import numpy as np
import numpy.typing as npt
import xarray as xr

from anodescope.bench.spectra import sets_a_and_b, zarc, zarc_gamma
from anodescope.campaign import build_node
from anodescope.impedance import drt
from anodescope.impedance.lattice import Lattice
from tests.impedance.cells import with_noise

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Complexes = npt.NDArray[np.complex128]

KINDS = ("single", "still", "drift", "birth", "death", "merge", "split", "cross", "jump")
# Harder ones: what meets may go through or turn back, and at a jump nothing need stay as it was.
HARD = ("pass", "turn", "twins", "short", "step")
SWEEPS = 30
FREQUENCY = np.logspace(np.log10(7e6), np.log10(0.05), 71)
# A maximum of the true γ belongs to the component whose centre is this near (decades).
_NEAR = 0.25


@dataclass(frozen=True)
class Made:
    """One series with its truth.

    `place` (log10 τ), `resistance` (Ω) and `phi` are those of the components, shape (S, C), NaN
    where one is not there; `pair` are the two components that an event is about.
    """

    kind: str
    place: Floats
    resistance: Floats
    phi: Floats
    series_resistance: float
    pair: tuple[int, ...] = (1, 2)
    frequency: Floats = field(default_factory=lambda: FREQUENCY)
    events: tuple[int, ...] = ()

    @property
    def sweeps(self) -> int:
        return len(self.place)

    @property
    def window(self) -> tuple[float, float]:
        """log10 τ at both ends."""
        ends = -np.log10(2 * pi * self.frequency)
        return float(ends.min()), float(ends.max())

    def gamma(self, ln_tau: Floats) -> Floats:
        """The true γ (Ω) at ln τ, shape (S, T)."""
        centre, resistance = 10 ** self.place[..., None], self.resistance[..., None]
        parts = zarc_gamma(np.exp(ln_tau), resistance, centre, self.phi[..., None])
        return np.nansum(parts, axis=1)

    def impedance(self, generator: np.random.Generator, noise: float) -> Complexes:
        centre = 10 ** np.nan_to_num(self.place)[..., None]
        resistance = np.nan_to_num(self.resistance)[..., None]
        parts = zarc(self.frequency, resistance, centre, self.phi[..., None])
        return with_noise(generator, self.series_resistance + parts.sum(axis=1), noise)

    def true_node(self, per_decade: int = 10) -> xr.Dataset:
        """A drt node of the true γ."""
        f = self.frequency
        lattice = Lattice.covering(float(f.min()), float(f.max()), per_decade, (1.0, 1.0))
        low, high = self.window
        place = np.log10(lattice.tau)
        inside = np.tile((place >= low) & (place <= high), (self.sweeps, 1))
        gamma = self.gamma(lattice.ln_tau)
        return build_node("drt", {"tau": lattice.tau, "gamma": gamma, "in_window": inside})

    def fitted_node(
        self, generator: np.random.Generator, noise: float, method: str = "drttools"
    ) -> xr.Dataset:
        """The drt node of a method from impedance with noise in proportion to |Z|."""
        return drt((self.frequency, self.impedance(generator, noise)), method)

    def visible(self) -> Floats:
        """log10 τ of each component's own maximum of the true γ; NaN: it has none, shape (S, C)."""
        fine = np.arange(-9.5, 2.5, 1 / 80)
        found = np.full(self.place.shape, np.nan)
        for s, row in enumerate(self.gamma(fine * np.log(10))):
            top = fine[1:-1][(row[1:-1] > row[:-2]) & (row[1:-1] >= row[2:])]
            # Of components at one maximum, the largest owns it.
            for c in np.argsort(np.nan_to_num(self.resistance[s])):
                near = top[np.abs(top - self.place[s, c]) <= _NEAR]
                if near.size:
                    mine = near[np.abs(near - self.place[s, c]).argmin()]
                    found[s, found[s] == mine] = np.nan
                    found[s, c] = mine
        return found


def random_series(generator: np.random.Generator, kind: str, sweeps: int = SWEEPS) -> Made:
    """A grain-boundary peak, and two at longer τ to which `kind` happens; or a single spectrum."""
    if kind == "single":
        return _single(generator)
    if kind in HARD:
        return (leapt if kind in ("short", "step") else met)(generator, kind, sweeps)
    t = np.linspace(0.0, 1.0, sweeps)
    event = int(generator.integers(sweeps // 4, 3 * sweeps // 4))
    slow, fast = generator.uniform(-1.5, -0.5), generator.uniform(-3.6, -3.0)
    place = np.tile([generator.uniform(-6.3, -5.5), slow, fast], (sweeps, 1))
    resistance = np.tile(np.exp(generator.uniform(np.log(50), np.log(300), 3)), (sweeps, 1))
    phi = np.tile(generator.uniform(0.82, 0.97, 3), (sweeps, 1))
    if kind == "drift":
        place[:, 1] += generator.uniform(-0.6, 0.6) * t
        place[:, 2] += generator.uniform(-0.4, 0.4) * t
        resistance *= np.exp(generator.uniform(-0.7, 0.7, 3) * t[:, None])
    elif kind in ("birth", "death"):
        rise = 1 / (1 + np.exp(-(t - t[event]) / generator.uniform(0.01, 0.06)))
        resistance[:, 2] *= rise if kind == "birth" else 1 - rise
    elif kind in ("merge", "split"):
        moved = t / t[event] if kind == "merge" else (1 - t) / (1 - t[event])
        place[:, 1] += (fast - slow) * np.clip(moved, 0, 1)
    elif kind == "cross":
        phi[:, 1:] = generator.uniform(0.93, 0.98, 2)
        resistance[:, 1] = resistance[:, 2] * generator.uniform(1.6, 3.0) ** generator.choice(
            [-1, 1]
        )
        place[:, 1] = fast + generator.uniform(1.2, 1.6) * (1 - 2 * t)
    elif kind == "jump":
        _let_jump(generator, t, event, place, resistance)
    total = float(np.nansum(resistance[0]))
    return Made(kind, place, resistance, phi, total * 10 ** generator.uniform(-2, 0))


def met(generator: np.random.Generator, kind: str, sweeps: int = SWEEPS) -> Made:
    """Two peaks that meet beside a third, and then "pass" or "turn" back.

    Areas differ by a factor of 1 to 3 and φ by up to 0.18; areas drift. The "twins" pass too, but
    have the same area and shape: if they turned back the spectra would look alike.
    """
    t = np.linspace(-1.0, 1.0, sweeps) - generator.uniform(-0.3, 0.3)
    middle, reach = generator.uniform(-3.6, -2.0), generator.uniform(1.0, 1.8)
    apart = np.sqrt(t**2 + 0.1**2) if kind == "turn" else t
    share = generator.uniform(0.0, 1.0)
    place = np.tile([generator.uniform(-6.3, -5.8), middle, middle], (sweeps, 1))
    place[:, 1] += reach * share * apart
    place[:, 2] -= reach * (1 - share) * apart
    size = np.exp(generator.uniform(np.log(50), np.log(300), 3))
    phi = generator.uniform(0.8, 0.98, 3)
    size[2] = size[1] * 3.0 ** generator.uniform(-1, 1)
    rates = generator.uniform(-0.3, 0.3, 3)
    if kind == "twins":
        size[2], phi[2], rates[2] = size[1], phi[1], rates[1]
        place[:, 1], place[:, 2] = middle + reach * t / 2, middle - reach * t / 2
    resistance = size * np.exp(rates * t[:, None])
    total = float(resistance[0].sum())
    series = total * 10 ** generator.uniform(-2, 0)
    return Made(kind, place, resistance, np.tile(phi, (sweeps, 1)), series)


def leapt(generator: np.random.Generator, kind: str, sweeps: int = SWEEPS) -> Made:
    """Three processes, of which some are other ones after a jump.

    At a "short" all of R falls, to 20 … 80 %, and τ moves by up to 0.5 decade; of the two at longer
    τ one may end. At a "step" of the current both at longer τ change their R, by up to a factor of
    2.5, and their τ by up to 0.4 decade, each by itself; one of them may end, or one more, between
    them, begin. A fourth column is what begins.
    """
    event = int(generator.integers(sweeps // 4, 3 * sweeps // 4))
    place = np.tile(
        generator.uniform([-6.3, -1.0, -3.9, -2.5], [-5.6, -0.4, -3.3, -2.1]), (sweeps, 1)
    )
    resistance = np.tile(np.exp(generator.uniform(np.log(50), np.log(300), 4)), (sweeps, 1))
    resistance *= np.exp(generator.uniform(-0.2, 0.2, 4) * np.linspace(0, 1, sweeps)[:, None])
    after = np.arange(sweeps) >= event
    ends = int(generator.choice([0, 0, 1, 2]))
    if kind == "short":
        place[after, :3] -= generator.uniform(0.0, 0.5) * np.array([0.2, 1.0, 1.0])
        resistance[after] *= generator.uniform(0.2, 0.8)
    else:
        place[after, 1:3] += generator.uniform(-0.4, 0.4, 2)
        resistance[after, 1:3] *= 2.5 ** generator.uniform(-1, 1, 2)
    begins = kind == "step" and generator.random() < 0.3
    place[~after if begins else slice(None), 3] = np.nan
    if ends:
        place[after, ends] = np.nan
    resistance[np.isnan(place)] = np.nan
    phi = np.tile(generator.uniform(0.85, 0.97, 4), (sweeps, 1))
    series = float(np.nansum(resistance[0])) * 10 ** generator.uniform(-2, 0)
    return Made(kind, place, resistance, phi, series, (1, 2), events=(event,))


def _let_jump(
    generator: np.random.Generator, t: Floats, event: int, place: Floats, resistance: Floats
) -> None:
    """Like the rest after a scan: γ_int grows and moves, then is back, larger; γ'_int is gone."""
    part = np.clip(t / t[event], 0, 1)
    place[:, 1] -= generator.uniform(0.6, 1.2) * part**2
    resistance[:, 1] *= 1 + 2 * part
    place[event:, 1] = place[0, 1]
    resistance[event:, 1] = resistance[0, 1] * generator.uniform(1.5, 3)
    place[event:, 2] = resistance[event:, 2] = np.nan


def _single(generator: np.random.Generator) -> Made:
    """One spectrum of one to four ZARCs anywhere in the window, of 10 … 250 Ω."""
    count = int(generator.integers(1, 5))
    place = np.sort(generator.uniform(-7.3, 0.2, count))[None, :]
    resistance = 10 ** generator.uniform(1, 2.4, (1, count))
    phi = generator.uniform(0.7, 0.97, (1, count))
    total = float(resistance.sum())
    return Made("single", place, resistance, phi, total * 10 ** generator.uniform(-2, 0), ())


def published(name: str, count: int = 300) -> Made:
    """Set A or B of the comparison with the peers, as a series."""
    made = sets_a_and_b(count)[name]
    place = np.log10(made.centre)
    return Made(name, place, made.resistance, made.phi, 20.0, (), made.frequency)
