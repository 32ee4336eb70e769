"""What must be true of a node's values, beyond their names, types and units.

A rule takes a Dataset and returns "" or what is wrong, as the end of a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, overload

import numpy as np
import xarray as xr

from anodescope.campaign.lattice import steps_per_decade
from anodescope.campaign.schema import check_structure
from anodescope.errors import Outcome, SchemaError

ELECTRODES = ("cell", "working", "counter")

Rule = Callable[[xr.Dataset], str]


class HasTree(Protocol):
    """A Campaign, as far as `check` needs to know it."""

    @property
    def tree(self) -> xr.DataTree:
        """The nodes."""


@overload
def check(subject: str, dataset: xr.Dataset) -> None: ...
@overload
def check(subject: HasTree | xr.DataTree, dataset: None = None) -> None: ...
def check(subject: str | HasTree | xr.DataTree, dataset: xr.Dataset | None = None) -> None:
    """Check one node, ``check("spectra", dataset)``, or a whole campaign, ``check(campaign)``.

    Names, dimensions, types and units are held to the glossary first; then the values are read.

    Raises
    ------
    SchemaError
        with one sentence on the first thing that is wrong.
    """
    if isinstance(subject, str):
        check_structure(subject, dataset if dataset is not None else xr.Dataset())
        _check_values(subject, dataset if dataset is not None else xr.Dataset())
        return
    tree = subject if isinstance(subject, xr.DataTree) else subject.tree
    for node, child in tree.children.items():
        check(node, child.to_dataset(inherit=False))
    _check_references(tree)


def _check_values(node: str, dataset: xr.Dataset) -> None:
    for rule in RULES.get(node, ()):
        fault = rule(dataset)
        if fault:
            raise SchemaError(f"Node {node}: {fault}.")


def _time_runs_forward(dataset: xr.Dataset) -> str:
    time = dataset["time"].values
    if not np.all(np.isfinite(time)):
        return "expected finite times, found NaN or infinity"
    back = np.flatnonzero(np.diff(time) < 0)
    if back.size:
        i = int(back[0])
        return f"expected times in order, found {time[i + 1]:.9g} s after {time[i]:.9g} s"
    return ""


def _valid_points_hold_values(dataset: xr.Dataset) -> str:
    finite = np.isfinite(dataset["frequency"].values) & np.isfinite(dataset["impedance"].values)
    wrong = np.argwhere(dataset["valid"].values & ~finite)
    if wrong.size:
        spectrum, point = (int(i) for i in wrong[0])
        return (
            f"point {point} of spectrum {spectrum} is marked valid, "
            "but its frequency or impedance is not finite"
        )
    return ""


def _electrode_is_known(dataset: xr.Dataset) -> str:
    return _stranger(dataset, "electrode", ELECTRODES)


def _outcome_is_known(name: str) -> Rule:
    known = tuple(Outcome.__members__)
    return lambda dataset: _stranger(dataset, name, known) if name in dataset else ""


def _stranger(dataset: xr.Dataset, name: str, known: tuple[str, ...]) -> str:
    for found in dict.fromkeys(dataset[name].values.tolist()):
        if found not in known:
            return f"expected {name} to be one of {', '.join(known)}, found {found!r}"
    return ""


def _tau_is_on_the_lattice(dataset: xr.Dataset) -> str:
    steps_per_decade(dataset["tau"].values)  # raises a sentence of its own
    return ""


RULES: Mapping[str, tuple[Rule, ...]] = {
    "timeseries": (_time_runs_forward,),
    "spectra": (_electrode_is_known, _valid_points_hold_values),
    "validation": tuple(map(_outcome_is_known, ("verdict", "stationary", "linear"))),
    "drt": (_tau_is_on_the_lattice, _outcome_is_known("outcome")),
    "circuits": (_outcome_is_known("outcome"),),
    "findings": (_outcome_is_known("outcome"),),
}


def _check_references(tree: xr.DataTree) -> None:
    """`source` names a file of the provenance list, `step` a row of the steps node; -1 is none."""
    provenance: list[dict[str, Any]] = list(tree.attrs.get("provenance", []))
    files = {row for row, entry in enumerate(provenance) if "source" in entry}
    steps = set(range(tree.children["steps"].sizes["step"])) if "steps" in tree.children else None
    for node, child in tree.children.items():
        for name, rows, what in (
            ("source", files, "source file in the provenance list"),
            ("step", steps, "row of the steps node"),
        ):
            if name not in child.data_vars or rows is None:
                continue
            lost = set(np.unique(child.variables[name].values).tolist()) - rows - {-1}
            if lost:
                raise SchemaError(f"Node {node}: {name} {min(lost)} is no {what}.")
