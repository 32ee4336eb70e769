"""What a user's run relies on: a registry of DOIs, and the decorator by which functions name them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Citation:
    """One work; `doi` has no resolver in front."""

    key: str
    authors: str
    title: str
    venue: str
    year: int
    doi: str

    def text(self) -> str:
        """Return the work as one line of a reference list."""
        return f"{self.authors}. {self.title}. {self.venue} ({self.year}). doi:{self.doi}"


WORKS: dict[str, Citation] = {
    work.key: work
    for work in (
        Citation("wu2025", "D. Wu, K. B. Hatzell", "Chemo-mechanical limitations of liquid alloy anodes for sodium solid-state batteries", "EES Batteries 1, 1682", 2025, "10.1039/d5eb00097a"),
        Citation("bank1985", "R. E. Bank, W. M. Coughran, W. Fichtner, E. H. Grosse, D. J. Rose, R. K. Smith", "Transient simulation of silicon devices and circuits", "IEEE Transactions on Computer-Aided Design 4, 436", 1985, "10.1109/TCAD.1985.1270142"),
        Citation("hosea1996", "M. E. Hosea, L. F. Shampine", "Analysis and implementation of TR-BDF2", "Applied Numerical Mathematics 20, 21", 1996, "10.1016/0168-9274(95)00115-8"),
        Citation("gear2003", "C. W. Gear, I. G. Kevrekidis", "Projective methods for stiff differential equations: problems with gaps in their eigenvalue spectrum", "SIAM Journal on Scientific Computing 24, 1091", 2003, "10.1137/S1064827501388157"),
        Citation("wan2015", "T. H. Wan, M. Saccoccio, C. Chen, F. Ciucci", "Influence of the discretization methods on the distribution of relaxation times deconvolution: implementing radial basis functions with DRTtools", "Electrochimica Acta 184, 483", 2015, "10.1016/j.electacta.2015.09.097"),
        Citation("effat2017", "M. B. Effat, F. Ciucci", "Bayesian and hierarchical Bayesian based regularization for deconvolving the distribution of relaxation times from electrochemical impedance spectroscopy data", "Electrochimica Acta 247, 1117", 2017, "10.1016/j.electacta.2017.07.050"),
        Citation("liu2020", "J. Liu, F. Ciucci", "The Gaussian process distribution of relaxation times: a machine learning tool for the analysis and prediction of electrochemical impedance spectroscopy data", "Electrochimica Acta 331, 135316", 2020, "10.1016/j.electacta.2019.135316"),
        Citation("rue2007", "H. Rue, S. Martino", "Approximate Bayesian inference for hierarchical Gaussian Markov random field models", "Journal of Statistical Planning and Inference 137, 3177", 2007, "10.1016/j.jspi.2006.07.016"),
        Citation("golub1979", "G. H. Golub, M. Heath, G. Wahba", "Generalized cross-validation as a method for choosing a good ridge parameter", "Technometrics 21, 215", 1979, "10.1080/00401706.1979.10489751"),
        Citation("hansen1993", "P. C. Hansen, D. P. O'Leary", "The use of the L-curve in the regularization of discrete ill-posed problems", "SIAM Journal on Scientific Computing 14, 1487", 1993, "10.1137/0914086"),
        Citation("saccoccio2014", "M. Saccoccio, T. H. Wan, C. Chen, F. Ciucci", "Optimal regularization in distribution of relaxation times applied to electrochemical impedance spectroscopy: ridge and lasso regression methods – a theoretical and experimental study", "Electrochimica Acta 147, 470", 2014, "10.1016/j.electacta.2014.09.058"),
        Citation("boukamp1995", "B. A. Boukamp", "A linear Kronig–Kramers transform test for immittance data validation", "Journal of The Electrochemical Society 142, 1885", 1995, "10.1149/1.2044210"),
        Citation("schoenleber2014", "M. Schönleber, D. Klotz, E. Ivers-Tiffée", "A method for improving the robustness of linear Kramers–Kronig validity tests", "Electrochimica Acta 131, 20", 2014, "10.1016/j.electacta.2014.01.034"),
        Citation("boukamp1986", "B. A. Boukamp", "A nonlinear least squares fit procedure for analysis of immittance data of electrochemical systems", "Solid State Ionics 20, 31", 1986, "10.1016/0167-2738(86)90031-7"),
        Citation("marquardt1963", "D. W. Marquardt", "An algorithm for least-squares estimation of nonlinear parameters", "Journal of the Society for Industrial and Applied Mathematics 11, 431", 1963, "10.1137/0111030"),
        Citation("brug1984", "G. J. Brug, A. L. G. van den Eeden, M. Sluyters-Rehbach, J. H. Sluyters", "The analysis of electrode impedances complicated by the presence of a constant phase element", "Journal of Electroanalytical Chemistry 176, 275", 1984, "10.1016/S0022-0728(84)80324-1"),
        Citation("hsu2001", "C. H. Hsu, F. Mansfeld", "Concerning the conversion of the constant phase element parameter Y0 into a capacitance", "Corrosion 57, 747", 2001, "10.5006/1.3280607"),
        Citation("hirschorn2010", "B. Hirschorn, M. E. Orazem, B. Tribollet, V. Vivier, I. Frateur, M. Musiani", "Determination of effective capacitance and film thickness from constant-phase-element parameters", "Electrochimica Acta 55, 6218", 2010, "10.1016/j.electacta.2009.10.065"),
        Citation("fryzlewicz2018", "P. Fryzlewicz", "Tail-greedy bottom-up data decompositions and fast multiple change-point detection", "The Annals of Statistics 46, 3390", 2018, "10.1214/17-AOS1662"),
        Citation("hoyer2017", "S. Hoyer, J. Hamman", "xarray: N-D labeled arrays and datasets in Python", "Journal of Open Research Software 5, 10", 2017, "10.5334/jors.148"),
        Citation("virtanen2020", "P. Virtanen et al.", "SciPy 1.0: fundamental algorithms for scientific computing in Python", "Nature Methods 17, 261", 2020, "10.1038/s41592-019-0686-2"),
        Citation("jaqaman2008", "K. Jaqaman et al.", "Robust single-particle tracking in live-cell time-lapse sequences", "Nature Methods 5, 695", 2008, "10.1038/nmeth.1237"),
        Citation("crouse2016", "D. F. Crouse", "On implementing 2D rectangular assignment algorithms", "IEEE Transactions on Aerospace and Electronic Systems 52, 1679", 2016, "10.1109/TAES.2016.140952"),
        Citation("lu2021", "Y. Lu et al.", "Critical current density in solid-state lithium metal batteries: mechanism, influences, and strategies", "Advanced Functional Materials 31, 2009925", 2021, "10.1002/adfm.202009925"),
        Citation("menkin2024", "S. Menkin et al.", "Insights into soft short circuit-based degradation of lithium metal batteries", "Faraday Discussions 248, 277", 2024, "10.1039/D3FD00101F"),
        Citation("vorst1990", "H. A. van der Vorst, J. B. M. Melissen", "A Petrov–Galerkin type method for solving Ax = b, where A is symmetric complex", "IEEE Transactions on Magnetics 26, 706", 1990, "10.1109/20.106415"),
        Citation("greenwood1966", "J. A. Greenwood", "Constriction resistance and the real area of contact", "British Journal of Applied Physics 17, 1621", 1966, "10.1088/0508-3443/17/12/310"),
        Citation("lifshitz1961", "I. M. Lifshitz, V. V. Slyozov", "The kinetics of precipitation from supersaturated solid solutions", "Journal of Physics and Chemistry of Solids 19, 35", 1961, "10.1016/0022-3697(61)90054-3"),
        Citation("wagner1961", "C. Wagner", "Theorie der Alterung von Niederschlägen durch Umlösen (Ostwald-Reifung)", "Zeitschrift für Elektrochemie 65, 581", 1961, "10.1002/bbpc.19610650704"),
    )
}


def relies_on(*keys: str) -> Callable[[F], F]:
    """Mark a function with the works it relies on.

    Raises
    ------
    KeyError
        when a key is not in `WORKS`, at import time.
    """
    works = tuple(WORKS[key] for key in keys)

    def mark(function: F) -> F:
        function.__citations__ = works  # type: ignore[attr-defined]
        return function

    return mark


def cited_by(*functions: Callable[..., object]) -> tuple[Citation, ...]:
    """Return the works that these functions rely on, each once, in order of first mention."""
    works = (work for function in functions for work in getattr(function, "__citations__", ()))
    return tuple(dict.fromkeys(works))
