"""Which figures the paper's campaign has, in the paper's order, and what is said below each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import final

from matplotlib.figure import Figure

from anodescope.errors import SchemaError
from anodescope.report.operando import operando_map
from anodescope.report.original import original_spectra
from anodescope.report.overlay import gamma_overlay, gamma_waterfall
from anodescope.report.paper.ccd import fig_1
from anodescope.report.paper.compositions import fig_s6
from anodescope.report.paper.content import Mark, PaperContent, Told
from anodescope.report.paper.insitu import fig_2
from anodescope.report.paper.pulses import fig_4
from anodescope.report.paper.scan import fig_3, fig_5
from anodescope.report.pictures import Picture, picture
from anodescope.report.saving import save_figure
from anodescope.report.sections import Part
from anodescope.report.studies import pristine_overlay
from anodescope.report.view import CampaignLike

Campaigns = Mapping[str, CampaignLike]
Make = Callable[[Campaigns, Sequence[Mark]], Figure]


@final
@dataclass(frozen=True, slots=True)
class PaperFigure:
    """A figure that can be drawn; it may be sent to another process.

    Attributes
    ----------
    name : of its files. title : heading. caption : what is to be seen.
    needs : experiments without which it is not drawn; takes : those that it draws where they exist.
    make : draws them; a function of a module, or a partial of one.
    topic : of the published values that it takes; "" for none.
    about : experiments whose words and verdicts stand below it; None: all that it may draw.
    """

    name: str
    title: str
    caption: str
    needs: tuple[str, ...]
    make: Make
    takes: tuple[str, ...] = ()
    topic: str = ""
    about: tuple[str, ...] | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Every experiment that it may draw."""
        return self.needs + self.takes


def _plain(
    campaigns: Campaigns,
    published: Sequence[Mark],
    *,
    key: str,
    draw: Callable[[CampaignLike], Figure],
) -> Figure:
    """Draw one campaign by a function that takes it alone."""
    return draw(campaigns[key])


def _scan(campaigns: Campaigns, published: Sequence[Mark]) -> Figure:
    return fig_5(campaigns)


def _pristine(
    campaigns: Campaigns, published: Sequence[Mark], *, names: tuple[tuple[str, str], ...]
) -> Figure:
    """Draw the pristine spectra of cells, named."""
    return pristine_overlay({name: campaigns[key] for key, name in names})


MARKS = "Orange: published, with its tolerance."
STATE = (
    "The drawings show the state that the simulation computed, not a measurement: colour is the "
    "composition between the bulk of the liquid (above) and the electrolyte (grey), white the "
    "contact that was lost, dark bars deposited Na, orange the filament."
)
SIDES = (
    "Weak bands beside a strong one are what regularisation makes of a depressed arc (DRT by "
    "Tikhonov at one fixed λ, as in the paper), no processes."
)
WINDOW = "Veiled or hatched: beyond the measured frequencies, where γ is extrapolated."
WATERFALL = (
    "γ of successive sweeps behind each other, the first in front, in a parallel projection: every "
    "curve keeps its scale. Dashed: edges of the measured window."
)
SLOW = "Inset: the slow ends, magnified where they are small."
SPECTRA = (
    f"Spectra as computed, by current and by time at rest; both axes have equal scales. {SLOW}"
)
NA, ALLOYS = "pristine_sodium", ("pristine50", "pristine65", "pristine80")

PAPER: tuple[PaperFigure, ...] = (
    PaperFigure(
        "fig_1", "Fig. 1: critical current density of NaK50",
        "a, voltage and current, the short circuit crossed. b to e, γ over time during the "
        f"half-cycles of each current, on one scale. {WINDOW} {SIDES}",
        ("ccd50",), fig_1, topic="short_current",
    ),
    PaperFigure(
        "fig_2", "Figs 2b, S3 and S4: the in situ cell",
        "a, voltage and b, length of the filament over the charge plated. c to e, stripping in "
        f"steps: current, voltage, and the gas that takes the liquid's place. {MARKS} Filament and "
        "gas are read off the simulated state.",
        (), fig_2, ("insitu_plate_0.7", "insitu_plate_0.4", "insitu_strip"), "short_charge",
    ),
    PaperFigure(
        "fig_3", "Fig. 3: stripping staircase of NaK50, then rest",
        "a, voltage and γ over time; the rest is on a logarithmic axis. b, voltage over current. "
        "c, resistance of the tracked peaks. d, γ during the scan; e, at rest. f to i, the "
        f"interface. {MARKS} {WINDOW} {STATE} {SIDES}",
        ("strip50",), fig_3, topic="threshold",
    ),
    PaperFigure(
        "fig_3_waterfall", "Fig. 3, in three dimensions", WATERFALL,
        ("strip50",), partial(_plain, key="strip50", draw=gamma_waterfall), about=(),
    ),
    PaperFigure(
        "fig_4", "Fig. 4: pulsed stripping of NaK50",
        "a, voltage at the end of every pulse of 1 s at 1 mA/cm² over the charge. b, one pulse and "
        "the rest after it. c, charge up to 3 V over the rest; dashed, the theoretical capacity; "
        f"at the right, steady currents (mA/cm²). {MARKS} Published values stand a little to the "
        "right of their rest.",
        (), fig_4,
        ("pulse_0", "pulse_0.1", "pulse_1", "pulse_2", "pulse_5", "pulse_10", "transient",
         "hold_0.25", "slow50"), "capacity",
    ),
    PaperFigure(
        "fig_5", "Fig. 5: plating staircase of NaK50, then rest",
        f"Panels as in Fig. 3; voltage and current of the other sign. {WINDOW} {STATE}",
        ("plate50",), _scan,
    ),
    PaperFigure(
        "fig_s1", "Fig. S1: Na beside NaK50, pristine",
        f"a, Nyquist plot with equal scales; b, γ. {SLOW} {WINDOW} {SIDES}",
        (NA, "pristine50"),
        partial(_pristine, names=((NA, "Na"), ("pristine50", "NaK50"))), about=(NA,),
    ),
    PaperFigure(
        "fig_s2", "Fig. S2: spectra during Fig. 1", SPECTRA,
        ("ccd50",), partial(_plain, key="ccd50", draw=original_spectra), about=(),
    ),
    PaperFigure(
        "fig_s5", "Fig. S5: spectra during Fig. 3", SPECTRA,
        ("strip50",), partial(_plain, key="strip50", draw=original_spectra), about=(),
    ),
    PaperFigure(
        "fig_s6", "Fig. S6: stripping staircases of NaK50, NaK65 and NaK80",
        "a, voltage at the end of the holds over current; bands: published thresholds with their "
        "tolerance, in the colour of their composition. b, the first level: 5 s of hold (grey), "
        f"then the sweep. c, voltage and γ of NaK65. {WINDOW}",
        (), fig_s6, ("strip50", "strip65", "strip80"), "threshold",
        about=("strip65", "strip80"),
    ),
    PaperFigure(
        "fig_s6_waterfall", "Fig. S6d, e: NaK65 in three dimensions", WATERFALL,
        ("strip65",), partial(_plain, key="strip65", draw=gamma_waterfall), about=(),
    ),
    PaperFigure(
        "fig_s7", "Fig. S7: pristine NaK50, NaK65 and NaK80",
        f"a, Nyquist plot with equal scales; b, γ. {SLOW} {WINDOW} {SIDES}",
        ALLOYS,
        partial(_pristine, names=tuple((key, f"NaK{key[8:]}") for key in ALLOYS)),
    ),
    PaperFigure(
        "fig_s8", "Fig. S8: spectra during Fig. 5", SPECTRA,
        ("plate50",), partial(_plain, key="plate50", draw=original_spectra), about=(),
    ),
    PaperFigure(
        "fig_s9", "Fig. S9: Na plated on K, then rest",
        f"Voltage, current and γ over time. {WINDOW}",
        ("potassium",), partial(_plain, key="potassium", draw=operando_map),
    ),
    PaperFigure(
        "fig_s9_overlay", "Fig. S9: γ while plating and at rest", f"γ of single sweeps. {WINDOW}",
        ("potassium",), partial(_plain, key="potassium", draw=gamma_overlay), about=(),
    ),
)  # fmt: skip


def drawable(keys: Sequence[str]) -> list[PaperFigure]:
    """Return the figures, in the paper's order, for which there are experiments.

    Parameters
    ----------
    keys : of the experiments that were run.
    """
    known = set(keys)
    return [
        one for one in PAPER
        if known.issuperset(one.needs) and (one.needs or known.intersection(one.takes))
    ]  # fmt: skip


def caption_of(one: PaperFigure, told: Mapping[str, Told]) -> str:
    """Return what stands below a figure: what is seen, what was assumed, the paper's words."""
    about = one.keys if one.about is None else one.about
    found = [told[key] for key in about if key in told]
    parts = [f"Computed. {one.caption}"]
    assumed = dict.fromkeys(text for each in found for text in each.assumed)
    words = dict.fromkeys(f"“{text}”" for each in found for text in each.words)
    verdicts = _grouped(dict.fromkeys(text for each in found for text in each.verdicts))
    for name, texts in (("Assumed", assumed), ("The paper", words), ("Verdicts", verdicts)):
        if texts:
            parts.append(f"{name}: {'; '.join(texts)}.")
    return " ".join(parts)


def _grouped(verdicts: Iterable[str]) -> list[str]:
    """Return “missed: O6.a, O6.b” from “O6.a: missed” and “O6.b: missed”; misses first."""
    rows: dict[str, list[str]] = {}
    for text in verdicts:
        key, _, verdict = text.rpartition(": ")
        rows.setdefault(verdict, []).append(key)
    ordered = sorted(rows, key=lambda verdict: (verdict != "missed", verdict == "met"))
    return [f"{verdict}: {', '.join(rows[verdict])}" for verdict in ordered]


def draw(one: PaperFigure, campaigns: Campaigns, content: PaperContent) -> Figure:
    """Draw a figure.

    Parameters
    ----------
    one : the figure. campaigns : analysed, by key; those that it does not know are left out.
    content : holds the published values.

    Raises
    ------
    SchemaError
        where a campaign does not hold what is to be drawn.
    """
    own = {key: campaigns[key] for key in one.keys if key in campaigns}
    return one.make(own, content.published.get(one.topic, ()))


def part_of(
    one: PaperFigure, campaigns: Campaigns, content: PaperContent, folder: Path | None = None
) -> Part:
    """Draw a figure, save it as PNG, SVG and PDF into `folder`, and return what the page shows.

    What cannot be drawn is said in its place.
    """
    try:
        figure = draw(one, campaigns, content)
    except SchemaError as error:
        return Part(one.title, Picture(f"Not drawn: {error}"))
    if folder is not None:
        save_figure(figure, folder, one.name)
    caption = caption_of(one, content.told)
    shown = picture(figure, caption, f"{one.title}, as the caption describes it.", one.title)
    return Part(one.title, shown)
