"""A campaign like the paper's, made from the glossary's names alone: no room but names is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import xarray as xr

from anodescope.names import variables

PER_DECADE = 12
R0, R_GB, TAU_GB, PHI = 100.0, 180.0, 1e-6, 0.9
ZARCS = tuple[tuple[float, float], ...]


class StandIn:
    """Behaves as the report expects of a Campaign."""

    def __init__(self, nodes: dict[str, xr.Dataset], **attrs: Any) -> None:
        self._nodes = nodes
        self.attrs: dict[str, Any] = {
            "title": "NaK50 | NASICON | Na",
            "origin": "2026-03-01T09:30:00+00:00",
            "specimen": {"composition": "NaK50", "cell_id": "17"},
            "working_electrode": "alloy",
            "current_sign": "strips",
            "warnings": [],
            "provenance": [],
            **attrs,
        }

    def __getitem__(self, name: str) -> xr.Dataset:
        return self._nodes[name]

    def __contains__(self, name: object) -> bool:
        return name in self._nodes

    def but(self, **changes: Any) -> StandIn:
        """Return a copy with nodes replaced (None takes one away) or attributes set."""
        nodes = dict(self._nodes)
        attrs = dict(self.attrs)
        for name, value in changes.items():
            if isinstance(value, xr.Dataset):
                nodes[name] = value
            elif value is None:
                nodes.pop(name, None)
            else:
                attrs[name] = value
        return StandIn(nodes, **attrs)


def dataset(node: str, **values: Any) -> xr.Dataset:
    """Build a node from the glossary's rows."""
    rows = variables(node)
    data = {n: (rows[n].dims, np.asarray(v)) for n, v in values.items() if n != "tau"}
    coords = {"tau": values["tau"]} if "tau" in values else {}
    return xr.Dataset(data, coords=coords)


def zarc_z(f: np.ndarray, r: float, tau: float) -> np.ndarray:
    return r / (1 + (2j * np.pi * f * tau) ** PHI)


def zarc_gamma(tau: np.ndarray, r: float, tau0: float) -> np.ndarray:
    angle = (1 - PHI) * np.pi
    return r / (2 * np.pi) * np.sin(angle) / (np.cosh(PHI * np.log(tau / tau0)) - np.cos(angle))


def lattice(f_max: float, f_min: float) -> np.ndarray:
    low = int(np.floor(PER_DECADE * (np.log10(1 / (2 * np.pi * f_max)) - 1)))
    high = int(np.ceil(PER_DECADE * (np.log10(1 / (2 * np.pi * f_min)) + 1)))
    return 10.0 ** (np.arange(low, high + 1) / PER_DECADE)


def spectra_nodes(
    starts: np.ndarray, duration: float, arcs: list[ZARCS], bias: np.ndarray, *,
    grids: list[np.ndarray], grid: np.ndarray, electrode: list[str], noise: float = 0.002,
    seed: int = 0,
) -> dict[str, xr.Dataset]:  # fmt: skip
    """Build spectra, validation and drt nodes; `arcs` holds (R, τ) pairs of every sweep."""
    rng = np.random.default_rng(seed)
    n, points = len(starts), max(len(g) for g in grids)
    frequency, valid = np.full((n, points), np.nan), np.zeros((n, points), dtype=bool)
    z = np.full((n, points), complex(np.nan, np.nan))
    fit = z.copy()
    tau = lattice(max(g.max() for g in grids), min(g.min() for g in grids))
    gamma, inside = np.full((n, len(tau)), np.nan), np.zeros((n, len(tau)), dtype=bool)
    for k in range(n):
        f = grids[grid[k]]
        m = len(f)
        frequency[k, :m], valid[k, :m] = f, True
        fit[k, :m] = R0 + sum(zarc_z(f, r, t) for r, t in arcs[k])
        z[k, :m] = fit[k, :m] * (1 + noise * (rng.normal(size=m) + 1j * rng.normal(size=m)))
        gamma[k] = sum(zarc_gamma(tau, r, t) for r, t in arcs[k])
        inside[k] = (tau >= 1 / (2 * np.pi * f.max())) & (tau <= 1 / (2 * np.pi * f.min()))
    ends = starts + duration
    share = np.linspace(0, 1, points)[None, :]
    residual = np.full_like(z, complex(np.nan, np.nan))
    residual[valid] = (z - fit)[valid] / np.abs(z[valid])
    rms = np.sqrt(np.nanmean(np.abs(residual) ** 2, axis=1) / 2)
    polarisation = np.array([sum(r for r, _ in a) for a in arcs])
    volts = bias * (R0 + polarisation)
    shape = (n, points)
    spectra = dataset(
        "spectra", impedance=z, frequency=frequency, valid=valid,
        time=np.where(valid, starts[:, None] + duration * share, np.nan),
        voltage=np.broadcast_to(volts[:, None], shape),
        current=np.broadcast_to(bias[:, None], shape),
        grid=grid, time_start=starts, time_end=ends, electrode=np.array(electrode, dtype=object),
        technique=np.array(["GEIS" if b else "PEIS" for b in bias], dtype=object),
        bias_voltage=volts, bias_current=bias, voltage_change=np.full(n, 0.001),
        source=np.zeros(n, dtype=int), loop=np.arange(n), step=np.arange(n),
    )  # fmt: skip
    verdict = np.where(rms < 5 * max(noise, 1e-6), "consistent", "inconsistent").astype(object)
    validation = dataset(
        "validation", verdict=verdict, kk_residual=rms, kk_elements=np.full(n, 24),
        kk_mu=np.full(n, 0.8), residual=residual,
    )  # fmt: skip
    drt = dataset(
        "drt", tau=tau, gamma=gamma, in_window=inside, time=starts + duration / 2,
        series_resistance=np.full(n, R0), polarisation_resistance=polarisation, noise=rms,
        outcome=np.array(["converged"] * n, dtype=object), fit=fit, residual=residual,
    )  # fmt: skip
    return {"spectra": spectra, "validation": validation, "drt": drt}


def timeseries_of(nodes: dict[str, xr.Dataset], every: float) -> xr.Dataset:
    """Sample voltage and current between the first and the last sweep."""
    s = nodes["spectra"]
    first, last = float(s.time_start.min()), float(s.time_end.max())
    time = np.arange(first, last + every, every)
    order = np.argsort(s.time_start.values)
    start, volts, amps = (
        s[n].values[order] for n in ("time_start", "bias_voltage", "bias_current")
    )
    which = np.clip(np.searchsorted(start, time, "right") - 1, 0, None)
    ripple = 0.002 * np.sin(time / 7)
    return dataset(
        "timeseries", time=time, voltage=np.interp(time, start, volts) + ripple, current=amps[which]
    )


def staircase(
    sweeps: int = 96, rests: int = 12, points: int = 71, rest: float = 54000.0
) -> StandIn:
    """Stripping staircase (5 s holds, 35 s sweeps), then a long rest with a few sweeps."""
    f = np.logspace(np.log10(7e6), np.log10(5), points)
    up = np.arange(sweeps) * 40.0 + 5
    stop = sweeps * 40.0
    later = stop + np.geomspace(1, rest - 35, rests) if rests else np.zeros(0)
    starts = np.concatenate([up, later])
    load = np.concatenate([np.linspace(0.05, 1, sweeps), np.zeros(rests)])
    since = np.concatenate([np.zeros(sweeps), later - stop])
    arcs: list[ZARCS] = []
    for i, dt in zip(load, since, strict=True):
        gb = (R_GB, TAU_GB)
        if i > 0:
            grown = np.expm1(3.2 * max(i - 0.35, 0.0))
            interface = (140 * (1 + 0.5 * i + grown), 2e-2 * 10 ** (-0.9 * max(i - 0.4, 0)))
            extra = ((30 * grown, 4e-4),) if grown > 0.05 else ()
            arcs.append((gb, interface, *extra))
        else:
            arcs.append((gb, (140 * (1 + 1.4 * np.exp(-dt / 9000)), 2.2e-2)))
    nodes = spectra_nodes(
        starts, 35.0, arcs, load * 0.385e-3, grids=[f], grid=np.zeros(len(starts), dtype=int),
        electrode=["cell"] * len(starts),
    )  # fmt: skip
    nodes["timeseries"] = timeseries_of(nodes, 1.0)
    hold = np.stack([up - 5, up], axis=1).ravel()
    names = ["CP", "GEIS"] * sweeps + (["OCV"] if rests else [])
    edges = np.concatenate([hold, [stop, starts.max() + 35] if rests else [stop]])
    nodes["steps"] = dataset(
        "steps", technique=np.array(names, dtype=object), time_start=edges[:-1], time_end=edges[1:]
    )
    nodes["events"] = dataset(
        "events", time=[0.58 * stop, stop], kind=np.array(["onset", "current_stops"], dtype=object),
        message=np.array(["Unstable stripping begins.", "The current stops."], dtype=object),
    )  # fmt: skip
    provenance = [{
        "source": "raw/NaK50_SGEIS.mpr", "sha256": "ab" * 32, "reader": "anodescope.formats.mpr",
        "version": "0.1.0", "parameters": {}, "technique": "SGEIS", "rows": len(starts) * points,
    }]  # fmt: skip
    return StandIn(nodes, provenance=provenance)


@pytest.fixture(scope="session")
def make() -> Callable[..., StandIn]:
    """The maker of campaigns."""
    return staircase


@pytest.fixture(scope="session")
def campaign() -> StandIn:
    """Twenty sweeps of a staircase and four at rest."""
    return staircase(20, 4, 41)


@pytest.fixture(autouse=True)
def _no_pyplot() -> Iterator[None]:
    """No drawing may leave a trace in Matplotlib's global state."""
    import matplotlib

    before = dict(matplotlib.rcParams)
    yield
    with suppress(ImportError):
        assert dict(matplotlib.rcParams) == before
