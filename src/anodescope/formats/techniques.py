"""EC-Lab's techniques: the short name that people use and the long name that files print.

The long names are those at the head of EC-Lab's text and settings files and in BioLogic's public
manuals ("EC-Lab Software: Techniques and Applications", version 10.38; "EC-Lab Development
Package", chapter 7). `verified` rows were seen in a real file; the others come from the manuals
alone, where spelling and capitals vary, so names are compared without case, spaces and signs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Technique:
    """One row: short name, long name, number in binary files where known, seen in a real file."""

    short: str
    long: str
    number: int | None = None
    verified: bool = False


def _rows(*rows: tuple[str, str], verified: bool = False) -> tuple[Technique, ...]:
    return tuple(Technique(short, long, None, verified) for short, long in rows)


TECHNIQUES: tuple[Technique, ...] = (
    *_rows(
        ("OCV", "Open Circuit Voltage"),
        ("CA", "Chronoamperometry / Chronocoulometry"),
        ("CP", "Chronopotentiometry"),
        ("GCPL", "Galvanostatic Cycling with Potential Limitation"),
        ("MB", "Modulo Bat"),
        ("PEIS", "Potentio Electrochemical Impedance Spectroscopy"),
        ("GEIS", "Galvano Electrochemical Impedance Spectroscopy"),
        ("LOOP", "Loop"),
        verified=True,
    ),
    *_rows(
        ("SPEIS", "Staircase Potentio Electrochemical Impedance Spectroscopy"),
        ("SGEIS", "Staircase Galvano Electrochemical Impedance Spectroscopy"),
        ("PEISW", "Potentio Electrochemical Impedance Spectroscopy Wait"),
        ("SOCV", "Special Open Circuit Voltage"),
        ("CV", "Cyclic Voltammetry"),
        ("CVA", "Cyclic Voltammetry Advanced"),
        ("LSV", "Linear Sweep Voltammetry"),
        ("LASV", "Large Amplitude Sinusoidal Voltammetry"),
        ("SV", "Staircase Voltammetry"),
        ("GCPL2", "Galvanostatic Cycling with Potential Limitation 2"),
        ("GCPL3", "Galvanostatic Cycling with Potential Limitation 3"),
        ("GCPL4", "Galvanostatic Cycling with Potential Limitation 4"),
        ("GCPL5", "Galvanostatic Cycling with Potential Limitation 5"),
        ("GCPL6", "Galvanostatic Cycling with Potential Limitation 6"),
        ("GCPL7", "Galvanostatic Cycling with Potential Limitation 7"),
        ("SGCPL", "Special Galvanostatic Cycling with Potential Limitation"),
        ("PCGA", "Potentiodynamic Cycling with Galvanostatic Acceleration"),
        ("CLD", "Constant Load Discharge"),
        ("CPW", "Constant Power"),
        ("APGC", "Alternate Pulse Galvano Cycling"),
        ("PPI", "Potentio Profile Importation"),
        ("GPI", "Galvano Profile Importation"),
        ("RPI", "Resistance Profile Importation"),
        ("PWPI", "Power Profile Importation"),
        ("BCD", "Battery Capacity Determination"),
        ("CstV", "Constant Voltage"),
        ("CstC", "Constant Current"),
        ("DPV", "Differential Pulse Voltammetry"),
        ("SWV", "Square Wave Voltammetry"),
        ("NPV", "Normal Pulse Voltammetry"),
        ("RNPV", "Reverse Normal Pulse Voltammetry"),
        ("DNPV", "Differential Normal Pulse Voltammetry"),
        ("DPA", "Differential Pulse Amperometry"),
        ("EVT", "Ecorr versus Time"),
        ("LP", "Linear Polarization"),
        ("CM", "Corrosimetry (Rp vs. Time)"),
        ("GC", "Generalized Corrosion"),
        ("CPP", "Cyclic Potentiodynamic Polarization"),
        ("PDP", "Potentiodynamic Pitting"),
        ("PSP", "Potentiostatic Pitting"),
        ("ZRA", "Zero Resistance Ammeter"),
        ("ZVC", "Zero Voltage Current"),
        ("MIR", "Manual IR compensation"),
        ("ZIR", "IR compensation (PZIR)"),
        ("GZIR", "IR compensation (GZIR)"),
        ("MP", "Modular Pulse"),
        ("TO", "Trigger Out"),
        ("TI", "Trigger In"),
        ("EDC", "External Device Control"),
        ("WAIT", "Wait"),
        ("PAUSE", "Pause"),
    ),
)

# Spellings that files use beside the one in the table.
_ALSO = {
    "chronoamperometry": "CA",
    "staircasepotentioelectrochemicalimpedancespectroscopymottschottky": "SPEIS",
}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_BY_LONG = {**{_plain(row.long): row.short for row in TECHNIQUES}, **_ALSO}
_BY_SHORT = {row.short.lower(): row for row in TECHNIQUES}


def short_name(long: str) -> str:
    """Return the short name for a long name as a file prints it, "" where it is not known."""
    return _BY_LONG.get(_plain(long), "")


def long_name(short: str) -> str:
    """Return the long name for a short name, "" where it is not known."""
    row = _BY_SHORT.get(short.lower())
    return row.long if row else ""


def technique(short: str) -> Technique | None:
    """Return the row of a short name (case does not matter), None where it is not known."""
    return _BY_SHORT.get(short.lower())
