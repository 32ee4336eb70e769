"""What the detectors share: a `Finding`, the node made of them, and the `Record` that they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from anodescope.campaign import Campaign, Specimen, build_node, default_rows, parse_specimen
from anodescope.campaign.specimen import current_factor
from anodescope.errors import Outcome

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

NAN = float("nan")

# A counter electrode whose voltage (V) stays below this was not connected: an instrument resolves
# about 0.3 mV on its ±10 V range.
_CONNECTED = 5e-4

# Unit of a finding -> unit per area, factor, and whether the area divides (else it multiplies).
PER_AREA: Mapping[str, tuple[str, float, bool]] = MappingProxyType(
    {
        "A": ("mA/cm²", 1e3, True),
        "C": ("mAh/cm²", 1.0 / 3.6, True),
        "Ω": ("Ω·cm²", 1.0, False),
    }
)


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """One number that a detector determined, or the reason why there is none.

    Attributes
    ----------
    quantity : what was determined (see the glossary).
    value, low, high : best value and its bounds in `units`; NaN where there is none, infinity
        where the record ends first.
    units : A, C, s, Ω, V or 1.
    outcome : how it came out.
    criterion : the definition, its numbers included.
    basis : signal that it rests on: voltage, voltage_minus_ohmic, impedance, R_int, …
    time : instant (s) that it belongs to; NaN: the whole block.
    block : block of the protocol node; -1: none.
    message : the finding as a sentence.
    event : kind of the event that happened at `time`; empty: it is no event.
    """

    quantity: str
    value: float
    low: float
    high: float
    units: str
    outcome: Outcome
    criterion: str
    basis: str
    time: float = NAN
    block: int = -1
    message: str = ""
    event: str = ""


@final
@dataclass(frozen=True, slots=True)
class Instant:
    """An event that a finding marks.

    Attributes
    ----------
    time : instant (s).
    kind, message : what happened, as a word and as a sentence.
    block : block of the protocol node; -1: none.
    finding : row of the findings node.
    """

    time: float
    kind: str
    message: str
    block: int
    finding: int


def absent(
    quantity: str,
    units: str,
    outcome: Outcome,
    criterion: str,
    basis: str,
    *,
    block: int = -1,
    message: str = "",
) -> Finding:
    """Return the finding that says why there is no number; its message is the outcome's sentence
    unless one is given.
    """
    return Finding(
        quantity,
        NAN,
        NAN,
        NAN,
        units,
        outcome,
        criterion,
        basis,
        block=block,
        message=message or outcome.sentence,
    )


def instants(findings: Sequence[Finding]) -> list[Instant]:
    """Return the events that findings mark, in time order; `finding` is the row in `findings`."""
    marked = [
        Instant(one.time, one.event, one.message, one.block, row)
        for row, one in enumerate(findings)
        if one.event and np.isfinite(one.time)
    ]
    return sorted(marked, key=lambda instant: instant.time)


def findings_node(findings: Sequence[Finding], area: float | None = None) -> xr.Dataset:
    """Build the findings node.

    Parameters
    ----------
    findings : in the order of the node's rows.
    area : area (cm²) of the electrode under study; None where the user gave none.

    Returns
    -------
    findings node. Values per area (mA/cm² of A, mAh/cm² of C, Ω·cm² of Ω) are NaN, and their unit
    empty, where there is no area or the unit has no such form.
    """
    values: dict[str, Any] = {
        name: [getattr(one, name) for one in findings]
        for name in ("quantity", "units", "criterion", "basis", "message", "event")
    }
    values["outcome"] = [one.outcome.name for one in findings]
    values["block"] = np.array([one.block for one in findings], np.int64)
    for name in ("value", "low", "high", "time"):
        values[name] = np.array([getattr(one, name) for one in findings], np.float64)
    factor = np.array([_factor(one.units, area) for one in findings], np.float64)
    for name in ("value", "low", "high"):
        values[f"{name}_per_area"] = values[name] * factor
    values["units_per_area"] = [
        PER_AREA[one.units][0] if area is not None and one.units in PER_AREA else ""
        for one in findings
    ]
    return build_node("findings", values)


def _factor(units: str, area: float | None) -> float:
    if area is None or units not in PER_AREA:
        return NAN
    _, factor, divides = PER_AREA[units]
    return factor / area if divides else factor * area


@final
@dataclass(frozen=True, slots=True)
class Phases:
    """The protocol node as plain arrays, phases in time order.

    Attributes
    ----------
    start, end, current : boundaries (s) and asked-for current (A), shape (P,); a rest has 0.
    mode : "rest", "current", "voltage" or "sweep", object array of shape (P,).
    block, level, spectrum : shape (P,), as in the node; spectrum -1 where there is none.
    kinds : kind of each block.
    """

    start: Floats
    end: Floats
    mode: NDArray[np.object_]
    current: Floats
    block: Integers
    level: Integers
    spectrum: Integers
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, protocol: xr.Dataset | None) -> Phases:
        """Take the arrays out of a protocol node; None, or one without phases, has none."""
        if protocol is None or not protocol.sizes.get("phase", 0):
            none, count = np.empty(0), np.empty(0, np.int64)
            return cls(none, none, np.empty(0, object), none, count, count, count, ())
        order = np.argsort(protocol["time_start"].values, kind="stable")
        size = order.size
        mode = protocol["mode"].values.astype(object)[order]
        current = _column(protocol, "current", size)[order]
        spectrum = protocol["spectrum"].values if "spectrum" in protocol else np.full(size, -1)
        return cls(
            protocol["time_start"].values[order],
            protocol["time_end"].values[order],
            mode,
            np.where(mode == "rest", 0.0, current),
            protocol["block"].values[order],
            protocol["level"].values[order],
            spectrum[order].astype(np.int64),
            tuple(str(kind) for kind in protocol["kind"].values),
        )

    def rows(self, block: int) -> NDArray[np.intp]:
        """Return the phases of one block, in time order."""
        return np.flatnonzero(self.block == block)

    def at(self, time: Floats) -> Integers:
        """Return the phase at each instant; -1 outside of all. A boundary opens the later one."""
        if not self.start.size:
            return np.full(time.shape, -1, np.int64)
        row = np.searchsorted(self.start, time, side="right") - 1
        inside = (row >= 0) & (time <= self.end[np.maximum(row, 0)])
        return np.where(inside, row, -1).astype(np.int64)


@final
@dataclass(frozen=True, slots=True)
class Record:
    """A campaign as far as detectors read it: bare arrays, NaN where there is no value.

    Attributes
    ----------
    time : (s), shape (N,).
    voltage : electrode under study against the reference, or the cell (V), shape (N,).
    cell_voltage : between the two current-carrying electrodes (V); `voltage` where there is none.
    current : (A), shape (N,).
    charge : the instrument's charge (C), shape (N,); None where it has none.
    overload : the instrument flagged the sample, shape (N,).
    phases : the protocol as arrays.
    steps, spectra, validation, drt, peaks : the nodes, or None. Rows of the last three follow
        those of spectra.
    default : rows of spectra of `voltage_electrode`; where it has none, those of the default
        view, shape (S,).
    area : (cm²), or None where the user gave none.
    sign_known : positive current strips; else the file's sign is used.
    source : file of each sample, shape (N,); None where the campaign does not tell.
    voltage_electrode : "cell", "working" or "counter": what `voltage` is that of, in the words
        of ``spectra.electrode``. A resistance to subtract from it must come from these rows.
    """

    time: Floats
    voltage: Floats
    cell_voltage: Floats
    current: Floats
    charge: Floats | None
    overload: Bools
    phases: Phases
    steps: xr.Dataset | None
    spectra: xr.Dataset | None
    validation: xr.Dataset | None
    drt: xr.Dataset | None
    peaks: xr.Dataset | None
    default: NDArray[np.intp]
    area: float | None
    sign_known: bool
    source: Integers | None = None
    voltage_electrode: str = "cell"

    @classmethod
    def of(cls, campaign: Campaign, protocol: xr.Dataset | None = None) -> Record:
        """Take out of a campaign what detectors read.

        Parameters
        ----------
        campaign : any nodes; whatever is missing is NaN, None or empty.
        protocol : protocol node; by default the campaign's own, if it has one.

        Raises
        ------
        SettingsError
            when the campaign's specimen cannot be read.
        """
        nodes = {name: campaign[name] for name in campaign.nodes}
        series = nodes.get("timeseries", xr.Dataset())
        time = series["time"].values if "time" in series else np.empty(0)
        size = time.size
        attrs = campaign.attrs
        specimen = parse_specimen(attrs["specimen"], "specimen")
        sign_known = attrs["current_sign"] != "unknown"
        voltage, electrode = _voltage_of(series, specimen, sign_known)
        cell = _column(series, "cell_voltage", size)
        spectra = nodes.get("spectra")
        return cls(
            time=time,
            voltage=voltage,
            cell_voltage=np.where(np.isfinite(cell), cell, voltage),
            current=_column(series, "current", size),
            charge=series["charge"].values if "charge" in series else None,
            overload=(
                series["overload"].values if "overload" in series else np.zeros(size, np.bool_)
            ),
            phases=Phases.of(protocol if protocol is not None else nodes.get("protocol")),
            steps=nodes.get("steps"),
            spectra=spectra,
            validation=nodes.get("validation"),
            drt=nodes.get("drt"),
            peaks=nodes.get("peaks"),
            default=np.empty(0, np.intp) if spectra is None else _rows_of(spectra, electrode),
            area=specimen.area,
            sign_known=sign_known,
            source=series["source"].values if "source" in series else None,
            voltage_electrode=electrode,
        )

    @property
    def matching(self) -> NDArray[np.intp]:
        """Rows of spectra whose impedance is that of `voltage`; empty where it has none."""
        if self.spectra is None or not self.default.size:
            return np.empty(0, np.intp)
        electrode = self.spectra["electrode"].values[self.default]
        rows: NDArray[np.intp] = self.default[electrode == self.voltage_electrode]
        return rows

    @property
    def has_voltage(self) -> bool:
        """Whether any sample has a voltage."""
        return bool(np.isfinite(self.voltage).any())

    @property
    def has_current(self) -> bool:
        """Whether any sample has a current."""
        return bool(np.isfinite(self.current).any())

    def ampere(self, current: float, digits: int = 4) -> str:
        """Return a current (A) as text, per area where the user gave one."""
        if self.area is None:
            return f"{current * 1e3:.{digits}g} mA"
        return f"{current * 1e3 / self.area:.{digits}g} mA/cm²"

    def coulomb(self, charge: float, digits: int = 4) -> str:
        """Return a charge (C) as text, per area where the user gave one."""
        if self.area is None:
            return f"{charge / 3.6:.{digits}g} mAh"
        return f"{charge / 3.6 / self.area:.{digits}g} mAh/cm²"

    @property
    def sign(self) -> str:
        """End of a message that says whose sign is used where it is unknown; else empty."""
        return "" if self.sign_known else " The sign of the current is the file's."


def _column(dataset: xr.Dataset, name: str, size: int) -> Floats:
    values: Floats = dataset[name].values if name in dataset else np.full(size, np.nan)
    return values


def _rows_of(spectra: xr.Dataset, electrode: str) -> NDArray[np.intp]:
    """Return the rows of one electrode, or the default view where it has none."""
    rows = np.flatnonzero(spectra["electrode"].values == electrode)
    return rows if rows.size else default_rows(spectra)


def _voltage_of(series: xr.Dataset, specimen: Specimen, sign_known: bool) -> tuple[Floats, str]:
    """Return the voltage of the electrode under study (V), and which one of the file's it is.

    With three electrodes ``voltage`` is that of the file's working electrode against the reference.
    Where the electrode under study is the file's counter electrode its own voltage is
    ``counter_voltage``; the current was turned, so that both rise while it is stripped.
    """
    size = series["time"].size if "time" in series else 0
    voltage = _column(series, "voltage", size)
    counter = _column(series, "counter_voltage", size)
    three = np.isfinite(counter)
    turned = sign_known and current_factor(specimen) == -1
    if not three.any():
        return voltage, "cell"
    if np.max(np.abs(counter[three])) <= _CONNECTED:
        # Two electrodes, but a reader that finds the column takes the voltage for one against a
        # reference, and does not turn it.
        return (np.where(three, -voltage, voltage) if turned else voltage), "cell"
    if turned:
        voltage = np.where(three, counter, voltage)
    most = 2 * np.count_nonzero(three) >= np.count_nonzero(np.isfinite(voltage))
    if not most:
        return voltage, "cell"
    return voltage, "counter" if turned else "working"
