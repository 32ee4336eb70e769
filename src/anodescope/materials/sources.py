"""Where the numbers of this room are from. What has no DOI, or none that was checked, has ""."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

ESTIMATE = "estimate"


@final
@dataclass(frozen=True, slots=True)
class Source:
    """One work, or one text that quotes it.

    Attributes
    ----------
    text : authors, title, place and year.
    doi : without a resolver; "" where there is none or none was checked.
    seen : what of it was read: the work, its abstract, a text that quotes it, or memory alone.
    """

    text: str
    doi: str
    seen: str


SOURCES: dict[str, Source] = {
    "wu2025": Source(
        "D. Wu, K. B. Hatzell, EES Batteries 1, 1682 (2025)", "10.1039/d5eb00097a", "the work"
    ),
    "ott1969": Source(
        "J. B. Ott, J. R. Goates, D. R. Anderson, H. T. Hall Jr., Solid-liquid phase equilibria in "
        "the sodium + potassium system, Trans. Faraday Soc. 65, 2870 (1969)",
        "",
        "abstract",
    ),
    "bale1982": Source(
        "C. W. Bale, The K-Na system, Bull. Alloy Phase Diagrams 3(3) (1982)", "", "summary"
    ),
    "yokokawa1964": Source(
        "T. Yokokawa, O. J. Kleppa, Heats of mixing in binary liquid alkali metal mixtures, "
        "J. Chem. Phys. 40, 46 (1964)",
        "",
        "abstract",
    ),
    "foust1972": Source(
        "O. J. Foust (ed.), Sodium-NaK Engineering Handbook, vol. I, Gordon and Breach (1972), "
        "ISBN 0-677-03020-4",
        "",
        "its equations, as quoted by the documentation of MOOSE and other codes",
    ),
    "fink1995": Source(
        "J. K. Fink, L. Leibowitz, Thermodynamic and transport properties of sodium liquid and "
        "vapor, ANL/RE-95/2 (1995)",
        "",
        "memory",
    ),
    "butler1932": Source(
        "J. A. V. Butler, The thermodynamics of the surfaces of solutions, Proc. R. Soc. A 135, "
        "348 (1932)",
        "10.1098/rspa.1932.0040",
        "memory",
    ),
    "darken1948": Source(
        "L. S. Darken, Diffusion, mobility and their interrelation through free energy in binary "
        "metallic systems, Trans. AIME 175, 184 (1948)",
        "",
        "memory",
    ),
    "meyer1955": Source(
        "R. E. Meyer, N. H. Nachtrieb, Self-diffusion of liquid sodium, J. Chem. Phys. 23, 1851 "
        "(1955)",
        "",
        "memory",
    ),
    "rohlin1962": Source(
        "J. Rohlin, A. Lodding, Self-diffusion in liquid potassium, Z. Naturforsch. A 17, 1081 "
        "(1962)",
        "",
        "memory",
    ),
    "crc": Source("CRC Handbook of Chemistry and Physics", "", "memory"),
    "codata2018": Source("CODATA recommended values 2018 (exact)", "", "the work"),
    "wolfenstine2022": Source(
        "J. Wolfenstine, W. Go, Y. Kim, J. Sakamoto, Mechanical properties of NaSICON: a brief "
        "review, Ionics 28 (2022)",
        "",
        "abstract",
    ),
    "wang2020": Source(
        "M. J. Wang, J.-Y. Chang, J. B. Wolfenstine, J. Sakamoto, Analysis of elastic, plastic, "
        "and creep properties of sodium metal and implications for solid-state batteries, "
        "Materialia 12, 100792 (2020)",
        "10.1016/j.mtla.2020.100792",
        "memory",
    ),
    "bohnke1999": Source(
        "O. Bohnke, S. Ronchetti, D. Mazza, Conductivity measurements on nasicon and "
        "nasicon-modified materials, Solid State Ionics 122, 127 (1999)",
        "",
        "abstract",
    ),
    "encyclopaedia": Source(
        "Sodium-potassium alloy, Wikipedia (quoting suppliers' data sheets)", "", "the work"
    ),
}
