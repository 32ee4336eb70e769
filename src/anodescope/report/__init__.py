"""Figures, tables and the page that show a Campaign; nothing is computed here but drawing."""

from __future__ import annotations

from anodescope.report.operando import operando_map
from anodescope.report.page import make_figures, write_figures, write_report
from anodescope.report.saving import save_figure
from anodescope.report.spectra import bode, gamma_curves, nyquist, residuals, sheet
from anodescope.report.style import DOUBLE, SINGLE, journal_style
from anodescope.report.tables import report_tables, save_tables, write_tables
from anodescope.report.view import choose_sweeps

__all__ = [
    "DOUBLE",
    "SINGLE",
    "bode",
    "choose_sweeps",
    "gamma_curves",
    "journal_style",
    "make_figures",
    "nyquist",
    "operando_map",
    "report_tables",
    "residuals",
    "save_figure",
    "save_tables",
    "sheet",
    "write_figures",
    "write_report",
    "write_tables",
]
