"""The glossary: every variable that a node of a Campaign may hold.

A row gives the node, the name, the dimensions, the unit and the meaning, with the sign where one
is needed. The schema is made from these rows, and so is the page docs/glossary.
"""

from __future__ import annotations

from dataclasses import dataclass

KINDS = {
    "float": "float64",
    "complex": "complex128",
    "int": "int64",
    "bool": "bool",
    "str": "variable-length text",
}


@dataclass(frozen=True, slots=True)
class Variable:
    """One row of the glossary; `unit` "1" is a pure number and "" is no quantity at all."""

    node: str
    name: str
    dims: tuple[str, ...]
    unit: str
    kind: str
    meaning: str
    sign: str = ""
    required: bool = False


STRIPS = "positive strips Na from the electrode under study (file sign where that is unknown)"
PAIR = "between two electrodes: turns with the sign of current, so that dV/dI has that of Z"
CAPACITIVE = "a capacitive imaginary part is negative"


def _rows(
    node: str, dims: tuple[str, ...], *rows: tuple[str, str, str, str, *tuple[str, ...]]
) -> tuple[Variable, ...]:
    """Rows (name, kind, unit, meaning[, sign]); a name that ends with `*` is required."""
    return tuple(
        Variable(
            node,
            name.rstrip("*"),
            dims,
            unit,
            kind,
            meaning,
            extra[0] if extra else "",
            name.endswith("*"),
        )
        for name, kind, unit, meaning, *extra in rows
    )


GLOSSARY: tuple[Variable, ...] = (
    *_rows(
        "timeseries",
        ("time",),
        ("time*", "float", "s", "seconds since the campaign's start"),
        ("voltage", "float", "V", "working electrode against the reference; in a two-electrode cell, the cell voltage", PAIR),
        ("counter_voltage", "float", "V", "counter electrode against the reference"),
        ("cell_voltage", "float", "V", "working minus counter electrode", PAIR),
        ("current", "float", "A", "cell current", STRIPS),
        ("current_density", "float", "A/cm²", "current per area of the electrode under study; only for an area that the user gave", STRIPS),
        ("charge", "float", "C", "charge passed since the start of the file's experiment", STRIPS),
        ("temperature", "float", "°C", "temperature as the instrument recorded it"),
        ("step", "int", "", "row of the steps node that this sample belongs to"),
        ("source", "int", "", "row of the provenance list: the file that this sample came from"),
        ("overload", "bool", "", "the instrument flagged this sample as faulty or overloaded"),
        ("cycle", "int", "", "cycle number as the instrument counted it"),
        ("half_cycle", "int", "", "half-cycle number as the instrument counted it"),
    ),
    *_rows(
        "steps",
        ("step",),
        ("technique*", "str", "", "short name of the instrument's technique (GCPL, GEIS, OCV, …)"),
        ("time_start*", "float", "s", "first instant of the step"),
        ("time_end*", "float", "s", "last instant of the step"),
        ("sequence", "int", "", "sequence number (Ns) inside the technique"),
        ("source", "int", "", "row of the provenance list: the file that this step came from"),
        ("current", "float", "A", "mean current of the step", STRIPS),
        ("charge", "float", "C", "charge passed during the step", STRIPS),
    ),
    *_rows(
        "events",
        ("event",),
        ("time*", "float", "s", "instant of the event"),
        ("kind*", "str", "", "what happened, as one word or two joined by an underscore"),
        ("message*", "str", "", "the same as a sentence"),
        ("source", "int", "", "row of the provenance list: the file that shows it"),
    ),
    *_rows(
        "spectra",
        ("spectrum", "point"),
        ("impedance*", "complex", "Ω", "impedance; never divided or multiplied by an area", CAPACITIVE),
        ("frequency*", "float", "Hz", "frequency of the perturbation"),
        ("time*", "float", "s", "instant at which this point was measured"),
        ("valid*", "bool", "", "the point exists and is usable; ragged sweeps are padded with False"),
        ("voltage", "float", "V", "mean (dc) voltage while this point was measured"),
        ("current", "float", "A", "mean (dc) current while this point was measured", STRIPS),
        ("voltage_amplitude", "float", "V", "amplitude of the voltage perturbation"),
        ("current_amplitude", "float", "A", "amplitude of the current perturbation"),
        ("thd_voltage", "float", "%", "total harmonic distortion of the voltage"),
        ("nsd_voltage", "float", "%", "non-stationary distortion of the voltage"),
        ("nsr_voltage", "float", "%", "noise-to-signal ratio of the voltage"),
        ("thd_current", "float", "%", "total harmonic distortion of the current"),
        ("nsd_current", "float", "%", "non-stationary distortion of the current"),
        ("nsr_current", "float", "%", "noise-to-signal ratio of the current"),
        ("correction", "int", "", "the instrument's record of the corrections applied to this point"),
        ("impedance_deviation", "float", "%", "standard deviation of |Z| as the instrument recorded it"),
        ("phase_deviation", "float", "°", "standard deviation of the phase as the instrument recorded it"),
    ),
    *_rows(
        "spectra",
        ("spectrum",),
        ("grid*", "int", "", "spectra with the same number measured the same frequencies"),
        ("time_start*", "float", "s", "instant of the sweep's first point"),
        ("time_end*", "float", "s", "instant of the sweep's last point"),
        ("electrode*", "str", "", "cell, working or counter: what the impedance is that of"),
        ("technique", "str", "", "short name of the instrument's technique (PEIS, GEIS, …)"),
        ("bias_voltage", "float", "V", "mean of the dc voltage over the sweep"),
        ("bias_current", "float", "A", "mean of the dc current over the sweep", STRIPS),
        ("bias_current_density", "float", "A/cm²", "bias current per area of the electrode under study; only for an area that the user gave", STRIPS),
        ("voltage_change", "float", "V", "dc voltage at the sweep's last point minus that at its first"),
        ("step", "int", "", "row of the steps node that this sweep belongs to"),
        ("source", "int", "", "row of the provenance list: the file that this sweep came from"),
        ("loop", "int", "", "number of the sweep inside its file, counted from 0"),
    ),
    *_rows(
        "validation",
        ("spectrum",),
        ("verdict*", "str", "", "name of the Outcome: consistent, inconsistent or not_decidable"),
        ("kk_residual*", "float", "1", "root mean square of the relative Kramers–Kronig residual"),
        ("kk_elements*", "int", "", "number of RC elements that the linear Kramers–Kronig test used"),
        ("kk_mu", "float", "1", "ratio of negative to positive resistance mass, subtracted from 1, at that number"),
        ("kk_noise", "float", "1", "relative noise that the test assumed or estimated"),
    ),
    *_rows(
        "validation",
        ("spectrum", "point"),
        ("residual*", "complex", "1", "Kramers–Kronig residual (Z − Ẑ)/|Z|; NaN where the point is not valid"),
    ),
    *_rows(
        "drt",
        ("spectrum", "tau"),
        ("gamma*", "float", "Ω", "distribution of relaxation times per unit ln τ; NaN outside the row's range"),
        ("gamma_low", "float", "Ω", "lower bound of the 95 % band of γ"),
        ("gamma_high", "float", "Ω", "upper bound of the 95 % band of γ"),
        ("in_window*", "bool", "", "τ lies inside 1/(2πf_max) … 1/(2πf_min) of this spectrum"),
    ),
    *_rows(
        "drt",
        ("tau",),
        ("tau*", "float", "s", "relaxation time τ = 1/(2πf) on the lattice log10 τ = k/n"),
    ),
    *_rows(
        "drt",
        ("spectrum",),
        ("time", "float", "s", "middle of the sweep"),
        ("series_resistance*", "float", "Ω", "resistance at infinite frequency"),
        ("polarisation_resistance*", "float", "Ω", "integral of γ over ln τ"),
        ("inductance", "float", "H", "series inductance"),
        ("series_capacitance", "float", "F", "series (blocking) capacitance"),
        ("noise", "float", "1", "root mean square of the residual relative to |Z|"),
        ("outcome*", "str", "", "name of the Outcome of the fit"),
        ("objective", "float", "Ω²", "minimum of the regularised sum of squares"),
    ),
    *_rows(
        "drt",
        ("spectrum", "point"),
        ("fit*", "complex", "Ω", "impedance of the fitted model at the measured frequencies", CAPACITIVE),
        ("residual*", "complex", "1", "fit residual (Z − Ẑ)/|Z|; NaN where the point is not valid"),
    ),
    *_rows(
        "drt",
        ("spectrum", "term"),
        ("evidence", "float", "1", "log evidence ratio for a term beside γ (inductance, capacitance, loop)"),
    ),
)

# Columns that a reader kept without knowing them: `column_<id>` on the dims of their node.
FAMILY = "column_"


def variables(node: str) -> dict[str, Variable]:
    """Return the glossary's rows for one node, by name; an unknown node has none."""
    return {row.name: row for row in GLOSSARY if row.node == node}


def nodes() -> tuple[str, ...]:
    """Return the names of the nodes, in the glossary's order."""
    return tuple(dict.fromkeys(row.node for row in GLOSSARY))
