"""The peers that compute distributions, each called as its own documentation says.

A snippet defines `fit(frequency, z, tau)`, which is timed, and `read(model, tau)`, which returns γ
and a 95 % band (or None) and is not; some define `predict(model, tau, wanted)`, the impedance at
other frequencies, for `drt_real`. Around them one loop runs in the peer's interpreter: one call
that is not counted, then spectrum by spectrum until the time that the peer has is used up.

- pyDRTtools 0.2: Gaussian basis of FWHM coefficient 0.5, first derivative, inductance fitted; λ as
  in the paper, or by its generalised cross-validation. Its bands take 48 s per spectrum
  (Hamiltonian Monte Carlo), and are left out.
- hybrid-drt: ``DRT().fit_eis(f, Z)`` tunes itself, nothing is asked of the user; and once more with
  ``fit_dop=True``, its distribution of phasances, which it offers for inductance, blocking
  and diffusion. Bands: ``predict_drt_ci``.
- bayes_drt2: ``Inverter().ridge_fit`` with its two presets; "Ciucci" chooses λ by cross-validation.
  Its Hamiltonian Monte Carlo and its maximum a posteriori need a Stan compiler, which no package
  registry brings.
- pyimpspec: ``calculate_drt`` by "tr-rbf" with its default, modified generalised cross-validation,
  and an inductance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from anodescope.bench.peers import Answer, ask
from anodescope.bench.spectra import Spectrum, packed

# Without its graphical window, which needs a screen; the numerics are untouched.
PYDRTTOOLS = """
import sys, types
for name in ("GUI", "layout"):
    sys.modules["pyDRTtools." + name] = types.ModuleType(name)
from pyDRTtools.runs import EIS_object, simple_run
import cvxopt
cvxopt.solvers.options["show_progress"] = False
"""
PYDRTTOOLS_PACKAGES = ("pyDRTtools", "cvxopt")
_PYDRTTOOLS_FIT = """
def fit(frequency, z, tau):
    entry = EIS_object(frequency, z.real, z.imag)
    entry.tau_fine = tau
    return simple_run(entry, rbf_type="Gaussian", data_used="Combined Re-Im Data",
                      induct_used={inductance}, der_used="1st order", cv_type={choice!r},
                      reg_param={lam}, shape_control="FWHM Coefficient", coeff=0.5)
def read(entry, tau):
    return entry.gamma, None
def predict(entry, tau, wanted):
    omega = 2j * np.pi * wanted
    kernel = np.log(tau[1] / tau[0]) / (1 + omega[:, None] * tau)
    return entry.R + omega * entry.L + kernel @ entry.gamma
"""
_HYBRID = "from hybdrt.models import DRT"
_HYBRID_FIT = """
def fit(frequency, z, tau):
    model = DRT({options})
    model.fit_eis(frequency, z)
    return model
def read(model, tau):
    band = model.predict_drt_ci(tau=tau)
    return model.predict_drt(tau=tau), None if band[0] is None else band
def predict(model, tau, wanted):
    return model.predict_z(wanted)
"""
_BAYES = "from bayes_drt2.inversion import Inverter"
_BAYES_FIT = """
def fit(frequency, z, tau):
    model = Inverter()
    model.ridge_fit(frequency, z, preset={preset!r})
    return model
def read(model, tau):
    return model.predict_distribution(tau=tau), None
"""
_PYIMPSPEC = "import pyimpspec"
_PYIMPSPEC_FIT = """
def fit(frequency, z, tau):
    data = pyimpspec.DataSet(frequencies=frequency, impedances=z)
    return pyimpspec.calculate_drt(data, method="tr-rbf", inductance=True, num_procs=1)
def read(model, tau):
    times, gamma = model.get_drt_data()
    order = np.argsort(times)
    return np.interp(np.log(tau), np.log(times[order]), gamma[order]), None
"""


def pydrttools_fit(choice: str, lam: str = "1e-3", inductance: str = "1") -> str:
    """Return the statements that define pyDRTtools' `fit`, `read` and `predict`.

    Parameters
    ----------
    choice : how λ is chosen: "custom", "GCV", …
    lam, inductance : expressions of λ and of whether L is fitted (0, 1 or 2).
    """
    return _PYDRTTOOLS_FIT.format(choice=choice, lam=lam, inductance=inductance)


_LOOP = """
import time, warnings
warnings.simplefilter("ignore")
np.seterr(all="ignore")
shape = given["tau"].shape
gamma, low, high = (np.full(shape, np.nan) for _ in range(3))
seconds, failed, reason = [], [], ""
begun = time.perf_counter()
for number, row in enumerate([0, *range(shape[0])]):
    if number > 1 and time.perf_counter() - begun > float(given["budget"]):
        break
    there = np.isfinite(given["frequency"][row])
    frequency, z = given["frequency"][row, there], given["impedance"][row, there]
    tau = given["tau"][row][np.isfinite(given["tau"][row])]
    start = time.process_time()
    try:
        model = fit(frequency, z, tau)
        took = time.process_time() - start
        found, band = read(model, tau)
        bad = not np.isfinite(found).all()
    except Exception as error:
        took, bad, reason = time.process_time() - start, True, repr(error)
    if number == 0:
        continue
    seconds.append(took)
    failed.append(bad)
    if not bad:
        gamma[row, :tau.size] = found
        if band is not None:
            low[row, :tau.size], high[row, :tau.size] = band
done = len(seconds)
result.update(seconds=np.array(seconds), failed=np.array(failed), gamma=gamma[:done],
              reason=np.array(reason))
if np.isfinite(low).any():
    result.update(low=low[:done], high=high[:done])
"""


@final
@dataclass(frozen=True, slots=True)
class Inverter:
    """A peer and how it is called.

    Attributes
    ----------
    name : in the tables.
    packages : distributions; the first one's version is shown.
    prepare, fit : statements that import it, and that define `fit` and `read`.
    """

    name: str
    packages: tuple[str, ...]
    prepare: str
    fit: str


INVERTERS = (
    Inverter(
        "pyDRTtools λ = 1e-3",
        PYDRTTOOLS_PACKAGES,
        PYDRTTOOLS,
        pydrttools_fit("custom"),
    ),
    Inverter(
        "pyDRTtools GCV",
        PYDRTTOOLS_PACKAGES,
        PYDRTTOOLS,
        pydrttools_fit("GCV"),
    ),
    Inverter("hybrid-drt", ("eisyfit-hybrid-drt",), _HYBRID, _HYBRID_FIT.format(options="")),
    Inverter(
        "hybrid-drt, phasances",
        ("eisyfit-hybrid-drt",),
        _HYBRID,
        _HYBRID_FIT.format(options="fit_dop=True"),
    ),
    Inverter(
        "bayes_drt2 ridge, Huang",
        ("eisyfit-bayes-drt2",),
        _BAYES,
        _BAYES_FIT.format(preset="Huang"),
    ),
    Inverter(
        "bayes_drt2 ridge, Ciucci",
        ("eisyfit-bayes-drt2",),
        _BAYES,
        _BAYES_FIT.format(preset="Ciucci"),
    ),
    Inverter("pyimpspec TR-RBF", ("pyimpspec", "cvxopt"), _PYIMPSPEC, _PYIMPSPEC_FIT),
)
# Those whose snippet defines `predict`, one of them with the term that blocking cells need.
PREDICTING = (
    INVERTERS[1],
    INVERTERS[2],
    Inverter(
        "hybrid-drt + C",
        ("eisyfit-hybrid-drt",),
        _HYBRID,
        _HYBRID_FIT.format(options="fit_capacitance=True"),
    ),
)


def ask_inverter(inverter: Inverter, spectra: Sequence[Spectrum], budget: float) -> Answer:
    """Let a peer invert spectra, as many as it can within a time.

    Parameters
    ----------
    budget : seconds on the clock after which no further spectrum is begun.

    Returns
    -------
    arrays of the first n spectra: gamma (n, T), seconds and failed (n,), reason of the last
    failure; low and high (n, T) where it has bands.
    """
    given: dict[str, Any] = {**packed(spectra), "budget": budget}
    return ask(inverter.packages, inverter.prepare, inverter.fit + _LOOP, given)
