"""Named comparison: distributions of relaxation times, ours beside every peer's, in one run.

Sets: A and B (`spectra`), a fresh draw of the training generator (`cells`), the foreign family, and
beside those series that change, and cells that need a loop, a capacitor or a tail. Every method
runs in a fresh interpreter with one thread; times are processor time, medians. Our rows hold whole
sets, the peers' as many spectra of the same set as they can within their share of two minutes, in
an order that was shuffled once; the columns `same` and `ours_better` compare ours (single) with a
peer on the peer's spectra only.

What every column means stands in `metrics` and in the rows below; how each peer is called, in
`inverters`. The fresh sets are drawn from the hash of the commit, or from a seed that is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.bench import (
    drt_ablation,
    drt_jumps,
    drt_real,
    drt_resolution,
    drt_start,
    drt_stream,
    drttools,
    tables,
)
from anodescope.bench.cells import EXTRAS, random_cells, series_set
from anodescope.bench.foreign import foreign_cells, seed_of_commit
from anodescope.bench.goals import goals_of
from anodescope.bench.inverters import INVERTERS, ask_inverter
from anodescope.bench.metrics import score
from anodescope.bench.peers import Answer, ask_ourselves
from anodescope.bench.spectra import packed, sets_a_and_b
from anodescope.bench.tables import Case, Measured, Row, Setting
from anodescope.errors import SettingsError

SETS = ("A", "B", "random", "foreign", "series", "terms")
WHOLE = (*SETS, "scale", "gaps", "start", "stream")
# Parts that are run when they are asked for; together they take the better part of an hour.
ASKED = ("jumps", "onsets", "real", "ablation", "resolution")
PARTS, EVERY = (*WHOLE, *ASKED), "all"
COUNTS = {"A": 300, "B": 300, "random": 150, "foreign": 150, "series": 240, "terms": 400}
# Spectra that a peer gets of a set at most, and seconds that it has for all sets together.
PEER_SPECTRA, PEER_BUDGET = 20, 120.0
SERIES_IN_SET = 4
SCALE, WORKERS = 5_000, 2
_SHUFFLE = 1

_PREPARE = "from anodescope.bench.ours import measure, measure_singly, measure_scale"


@final
@dataclass(frozen=True, slots=True)
class Options:
    """What to run.

    Attributes
    ----------
    sets : parts, of `PARTS`, or "all" of them; `WHOLE` unless some are named.
    count : spectra per set; None: `COUNTS`.
    peers : run the peers too.
    seed : of the fresh sets; None: from the commit that is checked out.
    budget : seconds that each peer has for all sets together, on the clock.

    Raises
    ------
    SettingsError
        for an unknown part or too few spectra.
    """

    sets: tuple[str, ...] = WHOLE
    count: int | None = None
    peers: bool = True
    seed: int | None = None
    budget: float = PEER_BUDGET

    def __post_init__(self) -> None:
        for name in self.sets:
            if name not in (*PARTS, EVERY):
                raise SettingsError(
                    f"bench drt: expected {EVERY}, or sets out of {', '.join(PARTS)}, "
                    f"found {name!r}."
                )
        if self.count is not None and self.count < 4:
            raise SettingsError(f"bench drt: count: expected at least 4, found {self.count}.")
        if self.seed is not None and self.seed < 0:
            raise SettingsError(f"bench drt: seed: expected at least 0, found {self.seed}.")
        if not self.budget > 0:
            raise SettingsError(f"bench drt: budget: expected seconds, found {self.budget}.")

    @property
    def parts(self) -> tuple[str, ...]:
        """What `sets` means: parts by their own names."""
        return PARTS if EVERY in self.sets else self.sets


def run_bench(
    options: Options | None = None, *, note: Callable[[str], None] = lambda text: None
) -> dict[str, list[Any]]:
    """Run the comparison; the tables' names and rows."""
    asked = options or Options()
    fresh = any(name in asked.parts for name in ("random", "foreign", "series", "terms"))
    seed = asked.seed
    if seed is None and fresh:
        seed = seed_of_commit()
    found: dict[str, list[Any]] = {"run": _settings(asked, seed)}
    if seed is not None:
        note(f"bench drt: seed {seed}")
    cases = [_case(name, seed or 0, asked.count) for name in SETS if name in asked.parts]
    measured: list[Measured] = []
    for case in cases:
        measured += _measure(case, asked, len(cases), note)
    if cases:
        found |= tables.tables_of(measured)
    if "scale" in asked.parts:
        note("bench drt: scale …")
        found["scale"] = _scale(SCALE if asked.count is None else asked.count)
    if "gaps" in asked.parts:
        note("bench drt: drttools against a stacked NNLS …")
        count = asked.count or COUNTS["A"]
        found["drttools"] = list(drttools.run_bench(count=count, peers=asked.peers))
    for name in (name for name in ("start", "stream", *ASKED) if name in asked.parts):
        note(f"bench drt: {name} …")
        found |= _asked(name, asked)
    plain = {name: [asdict(row) for row in rows] for name, rows in found.items()}
    return {"run": found.pop("run"), "goals": goals_of(plain), **found}


def _asked(name: str, options: Options) -> dict[str, list[Any]]:
    """Run a part that has a size of its own."""
    seed = {} if options.seed is None else {"seed": options.seed}
    if name == "jumps":
        return {"jumps": list(drt_jumps.run_jumps(**seed))}
    if name == "onsets":
        return {"onsets": list(drt_jumps.run_onsets(**seed))}
    if name == "start":
        return {"start": list(drt_start.run_start())}
    if name == "stream":
        return {"stream": list(drt_stream.run_stream())}
    if name == "real":
        return {"real files": list(drt_real.run_real(peers=options.peers))}
    if name == "ablation":
        return {"ablation": list(drt_ablation.run_ablation())}
    return {"resolution": list(drt_resolution.run_resolution())}


def _settings(asked: Options, seed: int | None) -> list[Setting]:
    return [
        Setting("seed", "none" if seed is None else str(seed)),
        Setting("seed from", "the commit's hash" if asked.seed is None else "--seed"),
        Setting("seconds per peer", f"{asked.budget:g}" if asked.peers else "no peers"),
        Setting("sets", ", ".join(asked.parts)),
        Setting("count", "default" if asked.count is None else str(asked.count)),
    ]


def _case(name: str, seed: int, asked: int | None) -> Case:
    """Draw a set; the seeds of the four fresh ones are four neighbours."""
    count = COUNTS[name] if asked is None else asked
    if name in ("A", "B"):
        return Case(name, sets_a_and_b(count)[name].spectra(), series=True)
    if name == "random":
        return Case(name, random_cells(seed, count))
    if name == "foreign":
        return Case(name, foreign_cells(seed + 1, count))
    if name == "series":
        lengths = [max(count // SERIES_IN_SET, 12)] * SERIES_IN_SET
        return Case(name, series_set(seed + 2, lengths), series=True)
    each = max(count // (len(EXTRAS) + 1), 1)
    drawn = [random_cells(seed + 3, each, extra) for extra in ("", *EXTRAS)]
    return Case(name, [spectrum for part in drawn for spectrum in part])


def _measure(case: Case, asked: Options, cases: int, note: Callable[[str], None]) -> list[Measured]:
    """Run our methods, and the peers, on one set."""
    given = packed(case.spectra)
    note(f"bench drt: set {case.name}, ours …")
    singly = ask_ourselves(_PREPARE, "result.update(measure_singly(given))", given)
    methods = ["single", "joint", "drttools"] if case.series else ["single", "drttools"]
    found = []
    for method in methods:
        answer = ask_ourselves(
            _PREPARE, "result.update(measure(given))", {**given, "method": method}
        )
        found.append(_ours(case, method, answer, singly if method == "single" else None))
    found += _oracles(case, singly)
    if not asked.peers:
        return found
    order = np.random.default_rng(_SHUFFLE).permutation(len(case.spectra))[:PEER_SPECTRA]
    for inverter in INVERTERS:
        note(f"bench drt: set {case.name}, {inverter.name} …")
        answer = ask_inverter(inverter, [case.spectra[k] for k in order], asked.budget / cases)
        label = f"{inverter.name} ({answer.versions[0]})" if answer.versions else inverter.name
        found.append(_theirs(case, label, order, answer))
    return found


def _scored(
    case: Case,
    rows: npt.NDArray[np.int64],
    arrays: dict[str, npt.NDArray[Any]],
    names: Sequence[str],
) -> dict[int, Any]:
    """Score rows that have a γ; `names` are those of γ and of its band."""
    found = {}
    for place, row in enumerate(rows):
        spectrum = case.spectra[row]
        size = spectrum.tau.size
        values = [arrays[name][place, :size] for name in names if name in arrays]
        if not np.isfinite(values[0]).all():
            continue
        bands = values[1:] if len(values) == 3 and np.isfinite(values[1:]).all() else []
        found[int(row)] = score(spectrum.tau, spectrum.gamma, values[0], *bands)
    return found


def _ours(case: Case, method: str, answer: Answer, singly: Answer | None) -> Measured:
    label, rows = f"anodescope {method}", np.arange(len(case.spectra))
    if not answer.ran:
        return Measured(label, case, answer.status)
    return Measured(
        label,
        case,
        answer.status,
        scores=_scored(case, rows, answer.arrays, ("gamma", "low", "high")),
        seconds=singly.arrays["seconds"] if singly is not None and singly.ran else None,
        whole=float(answer.arrays["whole"]),
        memory=float(answer.arrays["peak_memory"]),
        failures=int(answer.arrays["failed"].sum()),
        more=dict(singly.arrays) if singly is not None and singly.ran else {},
    )


def _oracles(case: Case, singly: Answer) -> list[Measured]:
    """The fit that knows the noise: with the product's rule for bands, and as the posterior is."""
    if not singly.ran:
        return [Measured("oracle", case, singly.status)]
    rows = np.arange(len(case.spectra))
    names = {
        tables.ORACLE: ("oracle", "oracle_low", "oracle_high"),
        tables.BARE: ("oracle", "bare_low", "bare_high"),
    }
    return [
        Measured(label, case, singly.status, scores=_scored(case, rows, singly.arrays, columns))
        for label, columns in names.items()
    ]


def _theirs(case: Case, label: str, order: npt.NDArray[np.int64], answer: Answer) -> Measured:
    if not answer.ran:
        return Measured(label, case, answer.status)
    arrays = answer.arrays
    failures = int(arrays["failed"].sum())
    status = f"failed: {arrays['reason']}" if failures == arrays["failed"].size else answer.status
    rows = order[: arrays["seconds"].size]
    return Measured(
        label,
        case,
        status,
        scores=_scored(case, rows, arrays, ("gamma", "low", "high")),
        seconds=arrays["seconds"],
        rows=rows,
        memory=float(arrays["peak_memory"]),
        failures=failures,
    )


def _scale(count: int) -> list[Row]:
    rows: list[Row] = []
    for method in ("single", "joint"):
        for workers in (1, WORKERS):
            given = {"method": method, "count": count, "workers": workers}
            answer = ask_ourselves(_PREPARE, "result.update(measure_scale(given))", given)
            numbers = {name: float(value) for name, value in answer.arrays.items()}
            rows.append(
                tables.Scale(f"anodescope {method}", count, workers, answer.status, **numbers)
            )
    return rows
