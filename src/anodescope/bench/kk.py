"""Named comparison: our Kramers–Kronig test beside those of impedance.py and pyimpspec.

All sides get spectra of the sets A and B: as they are, and with the whole impedance growing by 10
and by 30 % in proportion to the time passed in the sweep. Every side runs in a fresh interpreter
with one thread; times are processor time per spectrum, the mean over clean and drifting ones, after
a first call that is not counted. Ours: the verb `validate` (which also judges stationarity,
linearity and ends to trim) on the whole set at once, and, as "one at a time", called for each of 60
spectra alone. The peers are slow, so they get few spectra, spread evenly over the set.

impedance.py (lin-KK, complex fit with capacitance, c = 0.85) and pyimpspec (all its automatic
choices, complex test) return residuals and no verdict. Two rules stand for one: the customary one,
by which a spectrum is inconsistent when a residual of either part exceeds 1 % of |Z| (which noise
of 0.3 % alone may do in 142 numbers), and ours, applied to their residuals.

impedance.py 1.7 evaluates text that it made of numbers, which numpy 2 writes differently. It is run
as it is, and once more with numpy told to write numbers as it did before, which is a setting of
numpy in the peer's process (``np.set_printoptions(legacy="1.25")``); the row says so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.bench.peers import Answer, ask, ask_ourselves
from anodescope.bench.spectra import SyntheticSet, sets_a_and_b
from anodescope.errors import Outcome
from anodescope.impedance import LinearKK, validate
from anodescope.impedance.validation.linkk import whiteness

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

DRIFTS = (0.0, 0.1, 0.3)
CUSTOMARY = 0.01
COUNT = 300
LIN_KK_SPECTRA = 20
PYIMPSPEC_SPECTRA = 4
NAN = float("nan")

_LOOP = """
import time
frequency, seconds, residual = given["frequency"], [], []
for k, row in enumerate([given["impedance"][0], *given["impedance"]]):
    begin = time.process_time()
    real, imaginary = test(frequency, row)
    if k:
        seconds.append(time.process_time() - begin)
        residual.append(np.concatenate([real, imaginary]))
result.update(seconds=np.array(seconds), residual=np.array(residual))
"""
_LIN_KK = (
    """
def test(frequency, z):
    return linKK(frequency, z, c=0.85, max_M=50, fit_type="complex", add_cap=True)[3:]
"""
    + _LOOP
)
_PYIMPSPEC = (
    """
def test(frequency, z):
    data = pyimpspec.DataSet(frequencies=frequency, impedances=z)
    found = pyimpspec.perform_kramers_kronig_test(data, test="complex", num_procs=1)
    _, real, imaginary = found.get_residuals_data()
    return real / 100, imaginary / 100
"""
    + _LOOP
)
_OURS = "result.update(measure_all(int(given['count'])))"


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison; NaN where a column does not apply.

    Attributes
    ----------
    method, set, spectra : what was computed on what; `spectra` counts clean and drifting ones.
    status : "ran", "not installed" or "failed: …".
    milliseconds : processor time per spectrum.
    false_alarms : share of the clean spectra that are called inconsistent by our rule.
    found_10, found_30 : share of the spectra with a drift of 10 and 30 % that are.
    customary_false_alarms, customary_found_10, customary_found_30 : the same by the customary rule.
    times_faster : this method's time over that of ours on the whole set, and one at a time.
    """

    method: str
    set: str
    spectra: int
    status: str
    milliseconds: float = NAN
    false_alarms: float = NAN
    found_10: float = NAN
    found_30: float = NAN
    customary_false_alarms: float = NAN
    customary_found_10: float = NAN
    customary_found_30: float = NAN
    times_faster: float = NAN
    times_faster_one_at_a_time: float = NAN


@final
@dataclass(frozen=True, slots=True)
class _Peer:
    name: str
    packages: tuple[str, ...]
    prepare: str
    work: str
    spectra: int
    remark: str = ""


_IMPORT = "from impedance.validation import linKK"
PEERS = (
    _Peer("impedance.py lin-KK", ("impedance",), _IMPORT, _LIN_KK, LIN_KK_SPECTRA),
    _Peer(
        "impedance.py lin-KK",
        ("impedance",),
        _IMPORT,
        'np.set_printoptions(legacy="1.25")\n' + _LIN_KK,
        LIN_KK_SPECTRA,
        ", numbers written as before numpy 2",
    ),
    _Peer("pyimpspec", ("pyimpspec",), "import pyimpspec", _PYIMPSPEC, PYIMPSPEC_SPECTRA),
)


def run_bench(*, count: int = COUNT) -> list[Row]:
    """Compare on the sets A and B, all in one run.

    Parameters
    ----------
    count : spectra per set before drift is added.
    """
    ours = ask_ourselves("from anodescope.bench.kk import measure_all", _OURS, {"count": count})
    rows: list[Row] = []
    for name, made in sets_a_and_b(count).items():
        whole = _our_row(name, "", ours, len(DRIFTS) * count)
        alone = _our_row(name, " one at a time", ours, len(DRIFTS) * min(LIN_KK_SPECTRA, count))
        rows += [whole, alone, *(_peer_row(peer, made, count, whole, alone) for peer in PEERS)]
    return rows


def drifting(made: SyntheticSet) -> Complexes:
    """Return the spectra of a set under every drift, one drift after the other.

    Each point takes three periods and 50 ms; the whole Z grows in proportion to the time passed.
    """
    passed = np.cumsum(3 / made.frequency + 0.05)
    growth = [1 + drift * passed / passed[-1] for drift in DRIFTS]
    return np.concatenate([made.impedance * factor for factor in growth])


def measure_all(count: int) -> dict[str, npt.ArrayLike]:
    """Measure both sets; runs in its own process."""
    found: dict[str, npt.ArrayLike] = {}
    for name, made in sets_a_and_b(count).items():
        few = made.first(min(LIN_KK_SPECTRA, count))
        for how, part, size in (("", made, 0), (" one at a time", few, 1)):
            seconds, wrong = _measure(made.frequency, drifting(part), size)
            found[f"{name}{how} seconds"] = seconds
            found[f"{name}{how} wrong"] = wrong
    return found


def _measure(frequency: Floats, impedance: Complexes, size: int) -> tuple[float, list[bool]]:
    """Return seconds per spectrum and which are inconsistent; `size` spectra a call, 0: all."""
    validate((frequency, impedance[:2]))
    step = size or len(impedance)
    wrong: list[bool] = []
    begin = time.process_time()
    for first in range(0, len(impedance), step):
        found = validate((frequency, impedance[first : first + step]))
        wrong += [str(verdict) == "inconsistent" for verdict in found["verdict"].values]
    return (time.process_time() - begin) / len(impedance), wrong


def _our_row(name: str, how: str, ours: Answer, spectra: int) -> Row:
    label = "anodescope" + ("," + how if how else "")
    if not ours.ran:
        return Row(label, name, spectra, ours.status)
    wrong = np.asarray(ours.arrays[f"{name}{how} wrong"], dtype=bool)
    milliseconds = 1e3 * float(ours.arrays[f"{name}{how} seconds"])
    return Row(label, name, spectra, ours.status, milliseconds, **_shares(wrong))


def _peer_row(peer: _Peer, made: SyntheticSet, count: int, whole: Row, alone: Row) -> Row:
    few = made.first(min(peer.spectra, count))
    given = {"frequency": few.frequency, "impedance": drifting(few)}
    answer = ask(peer.packages, peer.prepare, peer.work, given)
    label = " ".join((peer.name, *answer.versions[:1])) + peer.remark
    spectra = len(given["impedance"])
    if not answer.ran:
        return Row(label, made.name, spectra, answer.status)
    milliseconds = 1e3 * float(answer.arrays["seconds"].mean())
    residual = answer.arrays["residual"]
    smooth = np.array([_inconsistent(row, few.frequency) for row in residual])
    return Row(
        label,
        made.name,
        spectra,
        answer.status,
        milliseconds,
        **_shares(smooth),
        **_shares(np.abs(residual).max(axis=1) > CUSTOMARY, "customary_"),
        times_faster=milliseconds / whole.milliseconds,
        times_faster_one_at_a_time=milliseconds / alone.milliseconds,
    )


def _shares(wrong: npt.NDArray[Any], prefix: str = "") -> dict[str, float]:
    clean, ten, thirty = (float(part.mean()) for part in np.split(wrong, len(DRIFTS)))
    names = ("false_alarms", "found_10", "found_30")
    return {prefix + name: value for name, value in zip(names, (clean, ten, thirty), strict=True)}


def _inconsistent(residual: Floats, frequency: Floats) -> bool:
    """Apply our rule to somebody's residuals, real parts and then imaginary ones, shape (2F,)."""
    z, noise, rms = whiteness(residual, frequency.size, frequency.size)
    return LinearKK().verdict(z, noise, rms, frequency) is Outcome.inconsistent
