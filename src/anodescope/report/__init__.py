"""Figures, tables and pages that show a Campaign or a Study; nothing is computed but drawing."""

from __future__ import annotations

from anodescope.report.against import capacity_against, threshold_against
from anodescope.report.charge import capacity_figure, ccd_figure
from anodescope.report.figures import make_figures, save_figures, write_figures
from anodescope.report.lambdas import lambda_choice
from anodescope.report.operando import operando_map
from anodescope.report.original import original_spectra
from anodescope.report.overlay import gamma_overlay, gamma_waterfall
from anodescope.report.page import write_report
from anodescope.report.recovery import recovery_figure
from anodescope.report.saving import save_figure
from anodescope.report.spectra import bode, gamma_curves, nyquist, residuals, sheet
from anodescope.report.studies import make_study_figures, pristine_overlay
from anodescope.report.studypage import write_study_report
from anodescope.report.style import DOUBLE, SINGLE, journal_style
from anodescope.report.tables import report_tables, save_tables, write_tables
from anodescope.report.threshold import threshold_figure
from anodescope.report.tracks import peak_tracks
from anodescope.report.view import choose_sweeps

__all__ = [
    "DOUBLE",
    "SINGLE",
    "bode",
    "capacity_against",
    "capacity_figure",
    "ccd_figure",
    "choose_sweeps",
    "gamma_curves",
    "gamma_overlay",
    "gamma_waterfall",
    "journal_style",
    "lambda_choice",
    "make_figures",
    "make_study_figures",
    "nyquist",
    "operando_map",
    "original_spectra",
    "peak_tracks",
    "pristine_overlay",
    "recovery_figure",
    "report_tables",
    "residuals",
    "save_figure",
    "save_figures",
    "save_tables",
    "sheet",
    "threshold_against",
    "threshold_figure",
    "write_figures",
    "write_report",
    "write_study_report",
    "write_tables",
]
