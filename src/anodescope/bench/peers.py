"""Peers run apart: in their own interpreter, exchanging arrays through files.

An absent peer is a line "not installed", never a number from a table.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

# Names the interpreter of the peers; otherwise it is looked for in `.venv-bench`.
VARIABLE = "ANODESCOPE_PEERS"
NOT_INSTALLED = 3
LIMIT = 1800.0

# One thread on both sides, no window, and no bytecode written beside the peers' sources.
QUIET = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "QT_QPA_PLATFORM": "offscreen",
}

# A child's ru_maxrss starts at its parent's, so Linux is asked for the peak of the image itself.
PEAK = """
def peak_memory():
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(float(line.split()[1]) for line in status if "VmHWM" in line) / 1024
    except OSError:
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
"""

_FRAME = (
    PEAK
    + """
import contextlib, importlib.metadata, io, sys
import numpy as np
given = dict(np.load(sys.argv[1]))
result = {{}}
try:
    versions = [importlib.metadata.version(name) for name in {packages!r}]
    with contextlib.redirect_stdout(io.StringIO()):
{prepare}
except (ImportError, importlib.metadata.PackageNotFoundError) as reason:
    print(reason, file=sys.stderr)
    sys.exit({missing})
with contextlib.redirect_stdout(io.StringIO()):
{work}
result.setdefault("peak_memory", peak_memory())
np.savez(sys.argv[2], versions=np.array(versions, dtype=str), **result)
"""
)


@final
@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes
    ----------
    status : "ran", "not installed", or "failed: …" with the peer's last line.
    versions : of the packages asked for.
    arrays : what the snippet put into `result`, and its largest resident size, `peak_memory` (MB).
    """

    status: str
    versions: tuple[str, ...] = ()
    arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    @property
    def ran(self) -> bool:
        """Whether there are arrays to use."""
        return self.status == "ran"


def peers_python() -> Path | None:
    """Return the interpreter that holds the peers, or None."""
    named = os.environ.get(VARIABLE)
    roots = [Path.cwd(), Path(__file__).resolve().parents[3]]
    places = [Path(named)] if named else [root / ".venv-bench" / "bin" / "python" for root in roots]
    return next((place for place in places if place.is_file()), None)


def ask(
    packages: tuple[str, ...],
    prepare: str,
    work: str,
    given: Mapping[str, Any],
    *,
    python: Path | None = None,
    limit: float = LIMIT,
) -> Answer:
    """Run a snippet beside this process.

    Parameters
    ----------
    packages : distributions whose versions are wanted; a missing one means "not installed".
    prepare : statements that import them; an ImportError here means "not installed".
    work : statements that read arrays from the dict `given` and put arrays into the dict `result`.
    given : arrays to hand over.
    python : interpreter; None: that of the peers.
    limit : seconds after which it is stopped.
    """
    chosen = python or peers_python()
    if chosen is None:
        return Answer("not installed")
    script = _FRAME.format(
        packages=packages, prepare=_indent(prepare), missing=NOT_INSTALLED, work=_indent(work)
    )
    with tempfile.TemporaryDirectory() as folder:
        there, back = Path(folder, "given.npz"), Path(folder, "result.npz")
        arrays_in: dict[str, Any] = {name: np.asarray(value) for name, value in given.items()}
        np.savez(there, **arrays_in)
        try:
            done = subprocess.run(
                [str(chosen), "-c", script, str(there), str(back)],
                env={**os.environ, **QUIET},
                capture_output=True,
                text=True,
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Answer(f"failed: not done after {limit:.0f} s")
        if done.returncode == NOT_INSTALLED:
            return Answer("not installed")
        if done.returncode != 0 or not back.is_file():
            last = done.stderr.strip().splitlines()[-1:] or ["no message"]
            return Answer(f"failed: {last[0]}")
        with np.load(back) as loaded:
            arrays = {name: loaded[name] for name in loaded.files if name != "versions"}
            return Answer("ran", tuple(str(v) for v in loaded["versions"]), arrays)


def ask_ourselves(prepare: str, work: str, given: Mapping[str, Any]) -> Answer:
    """Run a snippet in a fresh interpreter of our own, under the same conditions as the peers."""
    return ask(("anodescope",), prepare, work, given, python=Path(sys.executable))


def _indent(statements: str) -> str:
    lines = statements.strip("\n").splitlines() or ["pass"]
    return "\n".join("        " + line for line in lines)
