"""Part of the comparison `drt`: the method "drttools", a stacked NNLS and pyDRTtools.

Both sides run in fresh interpreters with one thread; times are processor time, which a busy machine
disturbs less than a clock. Ours: the verb `drt` on all 300 spectra of a
set, matrices included, after one call that compiles. pyDRTtools builds its matrices anew for each
spectrum and takes about a quarter of a second for it, so it gets 20 spectra spread over the set.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from anodescope.bench.inverters import PYDRTTOOLS, PYDRTTOOLS_PACKAGES, pydrttools_fit
from anodescope.bench.metrics import relative_l2
from anodescope.bench.peers import Answer, ask, ask_ourselves
from anodescope.bench.spectra import SyntheticSet, sets_a_and_b
from anodescope.impedance import DRTtools, drt, solve_drttools
from anodescope.impedance.sweeps import stacked_parts
from anodescope.impedance.tikhonov import Design

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

LAMBDAS = (1e-3, 1e-9)
PEER_SPECTRA = 20
REPEATS = 5

PEER_WORK = """
import time
if "tolerance" in given:
    for name in ("abstol", "reltol", "feastol"):
        cvxopt.solvers.options[name] = float(given["tolerance"])
frequency, impedance = given["frequency"], given["impedance"]
seconds, gamma, resistance, inductance = [], [], [], []
for row in impedance:
    begin = time.process_time()
    entry = fit(frequency, row, given["tau"])
    seconds.append(time.process_time() - begin)
    gamma.append(entry.gamma)
    resistance.append(entry.R)
    inductance.append(entry.L)
result.update(seconds=np.array(seconds), gamma=np.array(gamma), resistance=np.array(resistance),
              inductance=np.array(inductance))
"""
OUR_PREPARE = "from anodescope.bench.drttools import measure_all"
OUR_WORK = "result.update(measure_all(int(given['count'])))"


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison; NaN where a column does not apply.

    Attributes
    ----------
    method, set, lam, spectra : what was computed on what.
    status : "ran", "not installed" or "failed: …".
    milliseconds : processor time per spectrum; the best of several runs, for the peer the median.
    l2 : mean over spectra of ‖γ − γ_true‖/‖γ_true‖ inside the window.
    objective_gap : largest relative difference of the objective from a stacked NNLS.
    gamma_gap : largest ‖γ − γ_nnls‖/‖γ_nnls‖ inside the window.
    fallbacks : spectra that the safe solver had to solve.
    times_faster : the peer's time per spectrum over this one's.
    """

    method: str
    set: str
    lam: float
    spectra: int
    status: str
    milliseconds: float = float("nan")
    l2: float = float("nan")
    objective_gap: float = float("nan")
    gamma_gap: float = float("nan")
    fallbacks: int = 0
    times_faster: float = float("nan")


def run_bench(*, count: int = 300, peers: bool = True) -> list[Row]:
    """Compare on the sets A and B, at λ = 1e-3 and 1e-9, all in one run.

    Parameters
    ----------
    count : spectra per set; the published figures use 300.
    peers : ask pyDRTtools too.
    """
    ours = ask_ourselves(OUR_PREPARE, OUR_WORK, {"count": count})
    rows: list[Row] = []
    for name, made in sets_a_and_b(count).items():
        peer = None
        if peers:
            part = made.first(min(PEER_SPECTRA, count))
            peer = _peer_row(part, LAMBDAS[0], ask_pydrttools(part, LAMBDAS[0]))
            rows.append(peer)
        rows += [
            _our_row(name, lam, count, ours, peer if lam == LAMBDAS[0] else None) for lam in LAMBDAS
        ]
    return rows


def ask_pydrttools(
    made: SyntheticSet,
    lam: float,
    *,
    tau: Floats | None = None,
    inductance: bool = True,
    tolerance: float | None = None,
) -> Answer:
    """Let pyDRTtools invert a set.

    Parameters
    ----------
    tau : where γ is asked for (s); None: evenly inside the window.
    inductance : fit an inductance.
    tolerance : of its quadratic programme; None: its own.
    """
    given: dict[str, npt.ArrayLike] = {
        "frequency": made.frequency,
        "impedance": made.impedance,
        "tau": made.window() if tau is None else tau,
        "lam": lam,
        "inductance": int(inductance),
    }
    if tolerance is not None:
        given["tolerance"] = tolerance
    fit = pydrttools_fit("custom", "float(given['lam'])", "int(given['inductance'])")
    return ask(PYDRTTOOLS_PACKAGES, PYDRTTOOLS, fit + PEER_WORK, given)


def measure_all(count: int) -> dict[str, npt.ArrayLike]:
    """Measure every set at every λ; runs in its own process."""
    return {
        f"{name} {lam:g} {key}": value
        for name in sets_a_and_b(count)
        for lam in LAMBDAS
        for key, value in measure(name, lam, count).items()
    }


def measure(name: str, lam: float, count: int) -> dict[str, npt.ArrayLike]:
    """Time our method on one set and hold it against the stacked NNLS."""
    made, method = sets_a_and_b(count)[name], DRTtools(lam=lam)
    drt((made.frequency, made.impedance), method)
    seconds = min(_seconds(made, method) for _ in range(REPEATS))
    lattice, fit = solve_drttools(made.frequency, made.impedance, method=method)
    design = method.design(made.frequency, lattice.per_decade)
    truth, inside = made.gamma(made.window()), design.basis.at(np.log(made.window()))
    safe, objective = stacked_nnls(design, made.impedance)
    gamma, gamma_safe = fit.coefficients @ inside.T, safe[:, -lattice.size :] @ inside.T
    return {
        "milliseconds": 1e3 * seconds / count,
        "l2": relative_l2(gamma, truth).mean(),
        "objective_gap": np.abs(fit.objective / objective - 1).max(),
        "gamma_gap": relative_l2(gamma, gamma_safe).max(),
        "fallbacks": sum(outcome.name == "fallback" for outcome in fit.outcome),
    }


def _seconds(made: SyntheticSet, method: DRTtools) -> float:
    begin = time.process_time()
    drt((made.frequency, made.impedance), method)
    return time.process_time() - begin


def stacked_nnls(design: Design, impedance: Complexes) -> tuple[Floats, Floats]:
    """Solve each spectrum with SciPy on the stacked, column-scaled matrix: the plain version.

    Returns
    -------
    unknowns (S, N) and objectives (Ω², S).
    """
    stacked, scale = design.matrix.stacked, design.matrix.scale
    unknowns, objectives = [], []
    for row in stacked_parts(impedance):
        size = np.abs(row).max()
        target = np.zeros(len(stacked))
        target[: row.size] = row / size
        x, norm = nnls(stacked, target)
        unknowns.append(x * size / scale)
        objectives.append((norm * size) ** 2)
    return np.array(unknowns), np.array(objectives)


def _peer_row(made: SyntheticSet, lam: float, peer: Answer) -> Row:
    label = " ".join(("pyDRTtools", *peer.versions[:1]))
    if not peer.ran:
        return Row(label, made.name, lam, len(made.impedance), peer.status)
    return Row(
        label,
        made.name,
        lam,
        len(made.impedance),
        peer.status,
        milliseconds=1e3 * float(np.median(peer.arrays["seconds"])),
        l2=float(relative_l2(peer.arrays["gamma"], made.gamma(made.window())).mean()),
    )


def _our_row(name: str, lam: float, count: int, ours: Answer, peer: Row | None) -> Row:
    if not ours.ran:
        return Row("anodescope drttools", name, lam, count, ours.status)
    mine = f"{name} {lam:g} "
    numbers = {
        key.removeprefix(mine): float(value)
        for key, value in ours.arrays.items()
        if key.startswith(mine)
    }
    fallbacks = int(numbers.pop("fallbacks"))
    faster = peer.milliseconds / numbers["milliseconds"] if peer else float("nan")  # NaN: absent
    return Row(
        "anodescope drttools",
        name,
        lam,
        count,
        ours.status,
        fallbacks=fallbacks,
        times_faster=faster,
        **numbers,
    )
