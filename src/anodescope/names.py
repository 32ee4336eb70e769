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
        ("block", "int", "", "block of the protocol node in which it happened; -1: none"),
        ("finding", "int", "", "row of the findings node that holds its numbers; -1: none"),
    ),
    *_rows(
        "protocol",
        ("phase",),
        ("time_start*", "float", "s", "boundary at which the phase starts"),
        ("time_end*", "float", "s", "boundary at which the phase ends"),
        ("mode*", "str", "", "rest, current or voltage (held), sweep (impedance), unknown"),
        ("current", "float", "A", "current that the protocol asks for (bias of a sweep); NaN under a held voltage", STRIPS),
        ("voltage", "float", "V", "voltage that the protocol asks for; NaN under a current or at rest"),
        ("block*", "int", "", "block that the phase belongs to"),
        ("level*", "int", "", "number of the level (half-cycle, stair, pulse or rest) inside the block, from 0"),
        ("spectrum", "int", "", "row of the spectra node that a sweep made (the first of several electrodes); -1: none"),
    ),
    *_rows(
        "protocol",
        ("block",),
        ("kind*", "str", "", "constant_current, ccd, staircase_geis, staircase, pulsed, rest, rest_with_peis, cycling, impedance_only or unknown"),
        ("confidence*", "float", "1", "lower 95 % bound of the share of the block's samples that replaying the protocol explains within tolerance"),
        ("count*", "int", "", "half-cycles, stairs, pulses or sweeps of the block"),
        ("resolution", "float", "s", "how well the boundaries are known"),
        ("samples", "int", "", "samples that the confidence rests on"),
        ("note", "str", "", "what could not be said of the block, and why; else empty"),
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
        ("nonlinearity", "float", "1", "simulated: largest relative change of Z over the peak amplitude of the perturbation"),
        ("drift_effect", "float", "1", "simulated: largest relative difference between Z frequency by frequency and Z at the middle of the sweep"),
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
        ("inductive", "bool", "", "trimmed: inductive high-frequency end that a series inductance does not describe"),
        ("drifting", "bool", "", "trimmed: low-frequency end measured while the cell changed"),
    ),
    *_rows(
        "validation",
        ("spectrum",),
        ("stationary", "str", "", "name of the Outcome on drift: consistent, inconsistent or not_decidable"),
        ("drift_voltage", "float", "1", "change of the dc voltage over the sweep, against the ac amplitude of the voltage"),
        ("drift_impedance", "float", "1", "relative change of Z per sweep time, from the neighbouring sweeps at the same bias"),
        ("drift_basis", "str", "", "what drift_impedance compares: same_bias; other_bias (it holds the change of bias too and is only a bound); empty: no neighbour"),
        ("linear", "str", "", "name of the Outcome on linearity: consistent, inconsistent or not_decidable"),
        ("linearity", "float", "1", "largest amplitude (peak) of the voltage over kT/e"),
        ("distortion", "float", "%", "largest total harmonic distortion of the response, where it was recorded"),
    ),
    *_rows(
        "drt",
        ("spectrum", "tau"),
        ("gamma*", "float", "Ω", "distribution of relaxation times per unit ln τ; NaN outside the row's range"),
        ("gamma_low", "float", "Ω", "lower bound of the 95 % band of γ"),
        ("gamma_high", "float", "Ω", "upper bound of the 95 % band of γ"),
        ("maximum_spread", "float", "1", "standard deviation of ln τ of the maximum of γ at this lattice point; NaN where there is none"),
        ("area_spread", "float", "Ω", "standard deviation of that maximum's area between its valleys, but for what these share; NaN where there is none"),
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
        ("series_resistance*", "float", "Ω", "resistance at infinite frequency; below 0 where four-terminal wiring overcompensates it"),
        ("polarisation_resistance*", "float", "Ω", "integral of γ over ln τ"),
        ("polarisation_spread", "float", "Ω", "standard deviation of that integral by the posterior; NaN: not known"),
        ("outside", "float", "1", "share of ∫|γ| at τ beyond the window of the frequencies, where γ is extrapolated"),
        ("inductance", "float", "H", "series inductance; below 0 where four-terminal wiring overcompensates it"),
        ("inductance_exponent", "float", "1", "b of L (iω)^b, with L in H s^(b−1): 1 for an ideal inductor, less where eddy currents screen it"),
        ("series_capacitance", "float", "F", "series (blocking) capacitance; infinite: none was called for"),
        ("tail", "float", "", "W of a power-law tail W (iω)^−a at low frequencies, in Ω s^−a; 0: none was called for"),
        ("tail_exponent", "float", "1", "a of the tail: 0.5 for semi-infinite diffusion; NaN without a tail"),
        ("noise", "float", "1", "root mean square of the residual relative to |Z|"),
        ("joint", "bool", "", "inverted together with neighbours in time, which share their noise; else by itself"),
        ("outcome*", "str", "", "name of the Outcome of the fit"),
        ("objective", "float", "Ω²", "minimum of the regularised sum of squares"),
    ),
    *_rows(
        "drt",
        ("spectrum",),
        ("lam", "float", "1", "λ with which γ was computed; it multiplies ∫(derivative of γ)² d ln τ"),
        ("lam_outcome", "str", "", "name of the Outcome of the choice of λ: determined, or not_identifiable where no λ tried is the best"),
        ("lam_note", "str", "", "why λ is not determined, and what to try; else empty"),
    ),
    *_rows(
        "drt",
        ("spectrum", "trial"),
        ("trial_lam", "float", "1", "λ that was tried, rising"),
        ("trial_score", "float", "", "what the choice went by: gcv, re_im: error in Ω², the lowest is best; l_curve: curvature, the highest corner is best"),
        ("trial_misfit", "float", "Ω²", "weighted sum of the squares of Z − Ẑ at that λ"),
        ("trial_roughness", "float", "Ω²", "integral of the square of the derivative of γ over ln τ at that λ"),
        ("trial_freedom", "float", "1", "degrees of freedom of the fit at that λ"),
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
        ("evidence", "float", "1", "log evidence for a term over the model without it: inductance, capacitance, tail, loop; NaN: not tried"),
    ),
    *_rows(
        "peaks",
        ("spectrum", "peak"),
        ("tau*", "float", "s", "relaxation time at the maximum of γ; NaN where the tracked peak is absent"),
        ("resistance*", "float", "Ω", "area of the peak over ln τ"),
        ("capacitance*", "float", "F", "τ over R"),
        ("frequency*", "float", "Hz", "1/(2πτ)"),
        ("height", "float", "Ω", "γ at the maximum"),
        ("in_window*", "bool", "", "τ lies inside 1/(2πf_max) … 1/(2πf_min) of this spectrum; else τ and area are indicative only"),
        ("at_edge", "bool", "", "the window cuts through the peak: part of its area is extrapolated"),
        ("tau_low", "float", "s", "lower bound of the 95 % interval of τ"),
        ("tau_high", "float", "s", "upper bound of the 95 % interval of τ"),
        ("resistance_low", "float", "Ω", "lower bound of the 95 % interval of R"),
        ("resistance_high", "float", "Ω", "upper bound of the 95 % interval of R"),
    ),
    *_rows(
        "peaks",
        ("peak",),
        ("name*", "str", "", "γ_GB, γ_int, γ'_int or another name by the stated rules; empty: no rule fits"),
        ("electrode*", "str", "", "cell, working or counter: whose spectra the peak belongs to"),
        ("attribution*", "str", "", "electrode or electrolyte that the peak is ascribed to; unknown without a reference or an assumption"),
        ("basis*", "str", "", "on what the attribution rests, as a sentence"),
        ("birth*", "int", "", "row of the spectrum at which the peak appears"),
        ("death*", "int", "", "row of the last spectrum that has the peak"),
        ("split_from*", "int", "", "peak out of which it came; -1: none"),
        ("merged_into*", "int", "", "peak with which it merged; -1: none"),
    ),
    *_rows(
        "circuits",
        ("spectrum", "parameter"),
        ("value*", "float", "", "fitted value, in the unit of its parameter"),
        ("low*", "float", "", "lower bound of the 95 % interval"),
        ("high*", "float", "", "upper bound of the 95 % interval"),
    ),
    *_rows(
        "circuits",
        ("parameter",),
        ("name*", "str", "", "element and quantity, such as R_int or n_GB"),
        ("units*", "str", "", "unit of the parameter's values"),
    ),
    *_rows(
        "circuits",
        ("spectrum",),
        ("outcome*", "str", "", "name of the Outcome of the fit"),
        ("misfit*", "float", "1", "root mean square of the residual relative to |Z|"),
    ),
    *_rows(
        "circuits",
        ("spectrum", "point"),
        ("fit*", "complex", "Ω", "impedance of the fitted circuit at the measured frequencies", CAPACITIVE),
    ),
    *_rows(
        "state",
        ("state_time",),
        ("state_time*", "float", "s", "instant of the simulated state"),
        ("stripped*", "float", "mAh/cm²", "charge stripped since the start per area of the electrode under study", STRIPS),
        ("bulk_fraction*", "float", "1", "mole fraction of Na in the reservoir"),
        ("liquid_volume", "float", "cm³", "volume of the reservoir; what it lacks of its chamber is gas"),
        ("filament*", "float", "1", "length of the longest filament over the electrolyte's thickness; 1 and more: short circuit"),
        ("chipped", "bool", "", "the edge of the electrolyte has chipped and the crack is infiltrated"),
        ("void_length", "float", "cm", "correlation length of the pattern of voids at the interface"),
        ("counter_overvoltage", "float", "V", "voltage over the counter electrode's interface", PAIR),
    ),
    *_rows(
        "state",
        ("state_time", "patch"),
        ("contact*", "float", "1", "share of the patch in contact, (1 − φ)(1 − ψ)"),
        ("lost_contact", "float", "1", "φ: share lost to voids and K precipitate"),
        ("moved_contact", "float", "1", "ψ: share lost to motion of the liquid"),
        ("surface_fraction*", "float", "1", "mole fraction of Na at the surface of the layer"),
        ("availability", "float", "1", "θ: 1 at the bulk's composition, 0 where the patch has run dry"),
        ("deposited_sodium*", "float", "mAh/cm²", "metallic Na on the patch"),
        ("interface_voltage", "float", "V", "voltage over the patch's interface against Na metal", PAIR),
    ),
    *_rows(
        "findings",
        ("finding",),
        ("quantity*", "str", "", "what was determined: onset_current, critical_current, short_current, critical_capacity, recovery_time, …"),
        ("value*", "float", "", "best value, in `units`; NaN where there is none"),
        ("low*", "float", "", "lower bound: interval by construction (CCD) or 95 % (all others)"),
        ("high*", "float", "", "upper bound; infinity where the record ends first (censored)"),
        ("units*", "str", "", "unit of value, low and high"),
        ("value_per_area", "float", "", "value per area of the electrode under study, in `units_per_area`; only for an area that the user gave"),
        ("low_per_area", "float", "", "lower bound per area"),
        ("high_per_area", "float", "", "upper bound per area"),
        ("units_per_area", "str", "", "unit per area: mA/cm², mAh/cm² or Ω·cm²"),
        ("outcome*", "str", "", "name of the Outcome"),
        ("criterion*", "str", "", "definition by which it was determined, its numbers included"),
        ("basis*", "str", "", "signal that it rests on: voltage, voltage_minus_ohmic, impedance, R_int, …"),
        ("time*", "float", "s", "instant that it belongs to; NaN: the whole block"),
        ("block*", "int", "", "block of the protocol node; -1: none"),
        ("message*", "str", "", "the finding as a sentence"),
        ("event", "str", "", "kind of the event that it marks at `time`; empty: none"),
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
