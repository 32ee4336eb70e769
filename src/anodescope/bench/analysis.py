"""Named measurement: one whole `analyse`, report included, of a long operando record.

5,000 spectra of 71 points and 1,000,000 samples: a critical-current test with continuous impedance.
There is no peer that does this. It runs in a fresh interpreter; the kernels were compiled before
(their cache is on disk), the time of a run that has to compile them is the first row.
"""

from __future__ import annotations

import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.bench.peers import ask_ourselves
from anodescope.bench.spectra import zarc
from anodescope.campaign import Campaign, build_node
from anodescope.running import Run

SPECTRA, SAMPLES, HALF_CYCLES = 5_000, 1_000_000, 50
SWEEP = 35.0  # s
OUR_PREPARE = "from anodescope.bench.analysis import measure"
OUR_WORK = "result.update(measure(int(given['spectra']), int(given['samples'])))"


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One line: a stage of the analysis, or the whole.

    Attributes
    ----------
    spectra, samples : size of the record.
    stage : name of the stage; "all" is the whole, files written.
    status : "ran" or "failed: …".
    seconds : on the clock, one worker.
    peak_memory : largest resident size of the process so far (MB).
    """

    spectra: int
    samples: int
    stage: str
    status: str
    seconds: float = float("nan")
    peak_memory: float = float("nan")


def run_bench(*, spectra: int = SPECTRA, samples: int = SAMPLES) -> list[Row]:
    """Analyse a small record first, so that all is compiled, then the long one."""
    rows = []
    for sizes in ((100, 10_000), (spectra, samples)):
        given = {"spectra": sizes[0], "samples": sizes[1]}
        answer = ask_ourselves(OUR_PREPARE, OUR_WORK, given)
        if not answer.ran:
            rows.append(Row(*sizes, "all", answer.status))
            continue
        columns = (answer.arrays[name].tolist() for name in ("stage", "seconds", "memory"))
        rows += [
            Row(*sizes, stage, answer.status, seconds, memory)
            for stage, seconds, memory in zip(*columns, strict=True)
        ]
    return rows


def measure(spectra: int, samples: int) -> dict[str, npt.ArrayLike]:
    """Time the stages of one analysis; runs in its own process."""
    from anodescope.workflow.analyse import analyse

    campaign = long_record(spectra, samples)
    marks: list[tuple[str, float, float]] = []

    def note(stage: str, done: int, total: int) -> None:
        if not marks or marks[-1][0] != stage:
            marks.append((stage, time.perf_counter(), _peak()))

    begin = time.perf_counter()
    base = _peak()
    with tempfile.TemporaryDirectory() as folder:
        analyse(campaign, out=Path(folder) / "out", run=Run(progress=note))
    end = time.perf_counter()
    edges = [*(at for _, at, _ in marks[1:]), end]
    peaks = [*(peak for *_, peak in marks[1:]), _peak()]
    rows = [("record itself", 0.0, base), ("before the first", marks[0][1] - begin, marks[0][2])]
    rows += [
        (stage, edge - at, peak)
        for (stage, at, _), edge, peak in zip(marks, edges, peaks, strict=True)
    ]
    rows.append(("all", end - begin, _peak()))
    stage, seconds, memory = zip(*rows, strict=True)
    return {"stage": list(stage), "seconds": list(seconds), "memory": list(memory)}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def long_record(spectra: int = SPECTRA, samples: int = SAMPLES) -> Campaign:
    """Return a record of alternating, rising currents with one sweep after the other."""
    generator = np.random.default_rng(7)
    lasts = spectra * SWEEP
    moment = (np.arange(samples) + 0.5) / samples * lasts
    start = np.arange(spectra) * SWEEP
    half = lasts / HALF_CYCLES

    def asked(at: npt.NDArray[Any]) -> npt.NDArray[Any]:
        number = np.floor(at / half + 1e-9)
        level = 1 + np.floor(number / 2)
        return np.asarray(np.where(number % 2 == 0, 1.0, -1.0) * level * 1e-5)

    def interface(at: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.asarray(120.0 * (1 + np.abs(asked(at)) / 2e-4 * (at % half) / half))

    frequency = np.logspace(np.log10(7e6), np.log10(5.0), 71)
    middle = start + SWEEP / 2
    fixed = zarc(frequency, *map(np.asarray, (180.0, 1e-6, 0.92)))
    moving = zarc(frequency, interface(middle)[:, None], np.asarray(2e-2), np.asarray(0.88))
    clean = 60.0 + fixed + moving
    white = generator.standard_normal(clean.shape) + 1j * generator.standard_normal(clean.shape)
    z = clean + 0.003 * np.abs(clean) * white
    offsets = np.linspace(0.5, SWEEP - 0.1, frequency.size)
    shape = z.shape
    bias = asked(middle)
    volts = asked(moment) * (240.0 + interface(moment))
    nodes = {
        "timeseries": build_node(
            "timeseries",
            {
                "time": moment,
                "voltage": volts + 2e-5 * generator.standard_normal(samples),
                "current": asked(moment) + 1e-8 * generator.standard_normal(samples),
            },
        ),
        "spectra": build_node(
            "spectra",
            {
                "impedance": z,
                "frequency": np.broadcast_to(frequency, shape),
                "time": start[:, None] + offsets,
                "valid": np.ones(shape, bool),
                "voltage": np.broadcast_to((bias * (240 + interface(middle)))[:, None], shape),
                "current_amplitude": np.full(shape, 5e-6),
                "grid": np.zeros(spectra, int),
                "time_start": start + offsets[0],
                "time_end": start + offsets[-1],
                "electrode": ["cell"] * spectra,
                "technique": ["GEIS"] * spectra,
                "bias_current": bias,
            },
        ),
    }
    specimen = {"area_cm2": {"alloy": 0.385}, "working_electrode": "alloy"}
    return Campaign(
        nodes, {"title": "a long record", "specimen": specimen, "current_sign": "strips"}
    )
