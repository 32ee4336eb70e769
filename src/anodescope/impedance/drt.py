"""The verb `drt`: distributions of relaxation times of one spectrum or of a whole series."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import xarray as xr

from anodescope.campaign import build_node
from anodescope.compiling import announced
from anodescope.errors import SettingsError
from anodescope.impedance.base import Inversion, Method
from anodescope.impedance.lattice import in_window
from anodescope.impedance.loggp.method import LogGaussian
from anodescope.impedance.penalised import Tikhonov
from anodescope.impedance.sweeps import Source, Sweeps, root_mean_square
from anodescope.impedance.tikhonov import DRTtools
from anodescope.running import Run

METHODS: Mapping[str, type[Method]] = {
    "auto": LogGaussian,
    "drttools": DRTtools,
    "tikhonov": Tikhonov,
}


def resolve(method: str | Method) -> Method:
    """Return a method's object for its name; ``"auto"`` is the best one there is.

    Raises
    ------
    SettingsError
        for a name that is not a method's.
    """
    if isinstance(method, Method):
        return method
    chosen = METHODS.get(method)
    if chosen is None:
        raise SettingsError(f"DRT method: expected one of {', '.join(METHODS)}, found {method!r}.")
    return chosen()


def drt(source: Source, method: str | Method = "auto", *, run: Run | None = None) -> xr.Dataset:
    """Compute the distribution of relaxation times of every spectrum.

    Parameters
    ----------
    source : a Campaign with a `spectra` node, or a pair (frequency (Hz), impedance (Ω)) of shape
        (P,) or (S, P); frequencies in any order, points that are not finite are left out. Rows of a
        pair are taken in order of time, and ``"auto"`` may smooth over neighbours: for replicates
        and unlike cells give ``LogGaussian(joint=False)``.
    method : name or object; ``"auto"``, ``"drttools"``, ``DRTtools(lam=1e-4)``.
    run : how to run; None is serial. Results have the same bits for any number of workers.

    Returns
    -------
    the node `drt`: gamma (Ω per unit ln τ) on the lattice of the whole series (NaN outside a row's
    own range), in_window (τ beyond a sweep's frequencies is extrapolated), resistances, fit,
    residual, and one `Outcome` per spectrum. The polarisation resistance is the integral of all
    of γ, the extrapolated part included.

    Raises
    ------
    SchemaError, SettingsError
        for arrays that do not fit each other, or an unknown method.
    Cancelled
        when `run` says so.
    """
    chosen = resolve(method)
    sweeps = Sweeps.of(source)
    running = run or Run()
    with announced(lambda: running.progress("compiling, once only", 0, 1)):
        found = chosen.invert(sweeps, running)
    attrs = {
        "method": chosen.name,
        "parameters": chosen.parameters(),
        "citations": [work.text() for work in chosen.citations()],
    }
    return build_node("drt", _variables(sweeps, found), attrs=attrs)


def _variables(sweeps: Sweeps, found: Inversion) -> dict[str, npt.ArrayLike]:
    tau = found.lattice.tau if found.lattice else np.empty(0)
    f_min, f_max = sweeps.window()
    residual = sweeps.relative_residual(found.fit)
    values: dict[str, npt.ArrayLike] = {
        "tau": tau,
        "gamma": found.gamma,
        "in_window": in_window(tau, f_min, f_max) & np.isfinite(found.gamma),
        "series_resistance": found.series_resistance,
        "polarisation_resistance": found.polarisation_resistance,
        "inductance": found.inductance,
        "objective": found.objective,
        "noise": root_mean_square(residual),
        "outcome": [outcome.name for outcome in found.outcome],
        "fit": found.fit,
        "residual": residual,
        **found.more,
    }
    if sweeps.time is not None:
        values["time"] = sweeps.time
    return values
