"""The verb calibrate: fit the virtual cell to the fit rows of the paper, and say what it found."""

from __future__ import annotations

from pathlib import Path

from anodescope.cli import screen
from anodescope.workflow.calibrate import RESULT, SHIPPED, calibrate
from anodescope.workflow.calibrate_result import Calibration
from anodescope.workflow.calibrate_told import compared, told_of
from anodescope.workflow.scale import local_run


def run_calibrate(
    out: Path,
    *,
    starts: int,
    seed: int,
    budget: float,
    compare: bool,
    score: bool,
    workers: int | None,
    as_json: bool,
) -> None:
    """Calibrate into the folder `out`, and print what is worst first.

    Raises
    ------
    SettingsError
        for fewer than one start, no budget, or fewer than one worker.
    StoreError
        when the folder cannot be written.
    Cancelled
        at Ctrl-C; finished starts stay.
    """
    with screen.progress_bar() as progress, local_run(workers, progress, processes=True) as run:
        found = calibrate(
            out, starts=starts, seed=seed, budget=budget, compare=compare, score=score, run=run
        )
    if as_json:
        screen.show_json(told_of(found))
        return
    for line in outline(found):
        print(line)
    print(f"result: {out / RESULT}; to ship: {out / SHIPPED}")


def outline(found: Calibration) -> list[str]:
    """Return what was found as lines, what is beyond its tolerance first."""
    best = found.best
    far = sorted(best.residuals.items(), key=lambda item: -abs(item[1]))
    missed = [f"{key} ({value:+.1f})" for key, value in far if abs(value) > 2.0]
    lines = [
        f"Beyond tolerance by the quick measurements (in halves of it): {', '.join(missed)}."
        if missed
        else "Every fit row is within its tolerance by the quick measurements.",
        f"Cost {best.cost:.3g} of the rows and {best.prior:.3g} of the priors, "
        f"{len(best.values)} parameters, {len(best.residuals)} rows"
        + ("." if best.converged else "; the budget ended the last descent."),
        "Starts: " + ", ".join(f"{fit.cost:.3g}" for fit in found.fits) + ".",
        f"Ensemble: the best set and {len(found.members)} more.",
    ]
    for one in found.groups:
        known = "identified" if one.identified else "not identified"
        lines.append(
            f"{one.key}: {one.value:.3g} {one.unit} ({one.low:.3g} to {one.high:.3g}), {known}"
        )
    return lines + [
        f"{row['structure']}: {row['parameters']} parameters, cost {row['cost']:.3g}, "
        f"{row['beyond_tolerance']} rows beyond tolerance, worst {row['worst_row']}"
        for row in compared(found)
    ]
