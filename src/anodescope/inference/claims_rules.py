"""The rule of each claim of claims.toml: from the evidence to a ruling and a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from anodescope.errors import Outcome
from anodescope.inference.claims_evidence import Evidence, Ruling
from anodescope.inference.knockouts import POORER, Knockout
from anodescope.inference.observations import rows
from anodescope.inference.recommendations import (
    SHORTED,
    STAIRS,
    Recommendation,
    Winner,
    bounded,
)

Ruled = tuple[Ruling, str]
Rule = Callable[[Evidence], Ruled]

# A mechanism carries an effect when without it twice as much, or half as much, is left: more than
# any tolerance of a row.
CARRIES = 2.0
# A plateau is reached, and a rest suffices, at this share of what a long rest gives.
SUFFICES = 0.9
# A process that is so many times faster than what is seen does not limit it.
FAR = 10.0
# The quick cell is wrong by 5 %: effects below twice that are none.
SEEN = 0.1


def _wetting(evidence: Evidence) -> Ruled:
    told = " ".join(evidence.wetting[key] for key in ("verdict", "condition")
                    if key in evidence.wetting)  # fmt: skip
    contact = evidence.cell.deposit.contact
    words = (
        "Stripping fixes only the product of contact and nD/δ, so a face touched in part with a "
        "quick layer and one touched all over with a slow layer strip alike; the contact of "
        f"{contact:.2f} is fitted to shorts and to γ_int while plating."
    )
    return Ruling.not_decidable, f"{words} {told}".rstrip()


def _cure(evidence: Evidence) -> Ruled:
    missing = "The wetting study was not run."
    if evidence.cell.layer is None:
        missing = "The cell has no layer, without which contact limits nothing that is studied."
    said = evidence.wetting.get("cure", missing)
    return Ruling.not_decidable, f"A prediction: no experiment varies wetting. {said}"


def _depletion(evidence: Evidence) -> Ruled:
    keys = ("O5.threshold", "O8.threshold")
    told = f"{evidence.told(*keys, 'O9.failure_time')}. {evidence.knocked('layer')}.".rstrip(" .")
    told += "."
    found = evidence.knockouts.get("layer")
    if found is None or np.isnan(found.before):
        return Ruling.not_decidable, f"No threshold of the cell to take the layer from. {told}"
    needed = found.after_outcome is Outcome.censored or found.ratio >= CARRIES
    if needed and evidence.met(*keys):
        return Ruling.supported, (
            f"{told} Depletion in a thin layer suffices, and tells what composition does to an "
            "alloy that was not fitted; that nothing else could is not shown."
        )
    if not needed:
        return Ruling.contradicted, f"The threshold stays without the layer. {told}"
    return Ruling.not_decidable, told


def _liquid(evidence: Evidence) -> Ruled:
    from anodescope.materials import FARADAY, nak

    cell, layer = evidence.cell, evidence.cell.layer
    x = getattr(cell.reservoir, "sodium_fraction", None)
    if layer is None or x is None or "layer" not in evidence.knockouts:
        return Ruling.not_decidable, "The cell has no layer to compare the liquid with."
    kelvin, height = cell.temperature, cell.reservoir.volume / cell.area
    diffusivity = float(nak.interdiffusivity(x, kelvin))
    density = float(nak.molar_density(x, kelvin))
    span = x - layer.threshold(kelvin)
    limit = 1e3 * FARADAY * density * diffusivity * span / height
    seen = evidence.knockouts["layer"].before
    words = (
        f"Diffusion through all {10.0 * height:.2g} mm of still liquid (D = {diffusivity:.1e} "
        f"cm²/s, with the activities of the alloy) would carry {limit:.3g} mA/cm² down to x_c; the "
        f"threshold is {seen:.2g} mA/cm², {limit / seen:.0f} times less."
    )
    if np.isnan(seen) or limit < seen * CARRIES:
        return Ruling.not_decidable, words
    return (Ruling.contradicted if limit > FAR * seen else Ruling.not_decidable), words


def _liquidus(evidence: Evidence) -> Ruled:
    found = evidence.knockouts.get("liquidus")
    if found is None or np.isnan(found.after):
        return Ruling.not_decidable, "The cell has no layer that could fail at the liquidus."
    high = _highest_ratio()
    own = "no threshold there" if np.isnan(found.before) else f"{found.before:.2f}"
    words = (
        f"Failing at the K liquidus, NaK{POORER:g} would have {found.after:.2f} of the alloy's "
        f"threshold, whatever the layer carries; the paper has at most {high:.2f}, the calibrated "
        f"cell {own}."
    )
    return (Ruling.contradicted if found.after > high else Ruling.supported), words


def _highest_ratio() -> float:
    """Return the largest ratio of the two thresholds that the paper's tolerances leave."""
    rich, poor = rows()["O5.threshold"], rows()["O8.threshold"]
    return (poor.published + poor.tolerance) / (rich.published - rich.tolerance)


def _potassium(evidence: Evidence) -> Ruled:
    layer = evidence.cell.layer
    lowest = _lowest_surface(evidence)
    if layer is None or np.isnan(lowest):
        return Ruling.not_decidable, "No composition of the surface to compare with the liquidus."
    from anodescope.materials import nak

    liquidus = float(nak.liquid_window(evidence.cell.temperature)[0])
    above = "stays above" if lowest > liquidus else "falls below"
    return Ruling.not_decidable, (
        f"At the end of the staircase the cell's surface is at x_Na = {lowest:.2f} where it is "
        f"poorest and so {above} the K liquidus of {liquidus:.2f}. But x_c is fitted, and neither "
        "voltage nor impedance tells a solid from a face that is merely poor in Na."
    )


def _lowest_surface(evidence: Evidence) -> float:
    campaign = evidence.campaigns.get("strip50")
    if campaign is None or "state" not in campaign:
        return float("nan")
    return float(np.nanmin(campaign["state"]["surface_fraction"].values))


def _mechanics(evidence: Evidence) -> Ruled:
    keys = ("O6.second_time", "O6.second_onset", "O7.second_gone")
    there = evidence.met("O6.second_time")
    motion = "has a law of motion" if evidence.cell.motion is not None else "has no law of motion"
    shown = "a second arc comes all the same" if there else "it has no such arc where the paper has"
    if "O6.second_time" not in evidence.rows:
        shown = "its second arc was not looked for"
    return Ruling.not_decidable, (
        f"The cell {motion}, and {shown}: {evidence.told(*keys)}. {_short_rest(evidence)}Whether "
        "something moves within milliseconds no sweep of 35 s tells."
    )


def _short_rest(evidence: Evidence) -> str:
    keys = ("O11.rest_0", "O11.rest_0.1", "O11.rest_10")
    if any(key not in evidence.rows for key in keys):
        return ""
    none, short, long = (evidence.rows[key].computed.value for key in keys)
    if np.isnan([none, short, long]).any():
        return ""
    return (
        f"A rest of 0.1 s takes the pulses from {none:.2g} to {short:.2g} mAh/cm², one of 10 s to "
        f"{long:.3g}: what heals within 0.1 s is {(short - none) / (long - none):.0%} of it. "
    )


def _slightly(evidence: Evidence) -> Ruled:
    found = [one for key, one in evidence.tried.items() if key.startswith("slightly_longer")]
    shares = [one.first_value / one.second_value for one in found if one.second_value]
    told = evidence.told("O11.rest_1", "O11.rest_2", "O11.rest_5", "O11.rest_10")
    if not shares or np.isnan(shares).any():
        return Ruling.not_decidable, told
    words = ", ".join(
        f"{share:.0%} with {one.first.partition('(')[2].rstrip(')')}"
        for share, one in zip(shares, found, strict=True)
    )
    told = f"Of the charge that rests of ten times the pulse give: {words}. {told}."
    if min(shares) >= SUFFICES:
        return Ruling.supported, told
    return (Ruling.contradicted if max(shares) < SUFFICES else Ruling.in_part), told


def _realloying(evidence: Evidence) -> Ruled:
    words = f"{evidence.knocked('loss_pulses', 'heal_pulses')}. {evidence.told('O11.rest_10')}."
    loss, heal = (evidence.knockouts.get(key) for key in ("loss_pulses", "heal_pulses"))
    if loss is None or heal is None:
        return Ruling.not_decidable, "The cell has no loss of contact that heals slowly."
    both = loss.ratio > 1.0 + SEEN and heal.ratio > 1.0 + SEEN
    if not both:
        return Ruling.contradicted, f"Little comes of a slow process: {words}"
    ruling = Ruling.supported if loss.ratio >= CARRIES else Ruling.in_part
    return ruling, (
        f"A loss that heals in hours takes a part of the capacity, the well-mixed liquid's own "
        f"emptying the rest: {words} That it is K which alloys again is not shown."
    )


def _pulsing(evidence: Evidence) -> Ruled:
    means = _wins(evidence, "equal_mean")
    peaks = _wins(evidence, "equal_peak")
    if not means or not peaks:
        return Ruling.not_decidable, "The comparisons were not run."
    told = " ".join(one.sentence for one in (*means, *peaks))
    mean = all(one.wins is Winner.first for one in means)
    peak = all(one.wins is Winner.first for one in peaks)
    if mean and peak:
        return Ruling.supported, told
    if not peak:
        return Ruling.contradicted, told
    return Ruling.in_part, f"Only at equal peak current, not at equal mean current. {told}"


def _wins(evidence: Evidence, start: str) -> list[Recommendation]:
    return [one for key, one in evidence.tried.items() if key.startswith(start)]


def _voids(evidence: Evidence) -> Ruled:
    key, found = "O14.interface_falls", evidence.knockouts.get("deposit")
    told = " ".join(f"{one}." for one in (evidence.knocked("deposit"), evidence.told(key)) if one)
    if not evidence.met(key):
        return Ruling.not_decidable, f"The claim explains a fall that is not shown here. {told}"
    if found is None or np.isnan(found.ratio):
        return Ruling.not_decidable, told
    fall, left = 1.0 - found.before, 1.0 - found.after
    if fall < SEEN:
        return Ruling.not_decidable, f"The row is met, but R at 10 mHz does not fall. {told}"
    if left >= fall * (1.0 - SEEN):
        return Ruling.contradicted, f"It falls as far without what the deposit adds. {told}"
    if left * CARRIES > fall:
        return Ruling.not_decidable, f"Concentration alone makes much of it. {told}"
    return Ruling.supported, f"{told} Concentration alone leaves {left / fall:.0%} of the fall."


def _filaments(evidence: Evidence) -> Ruled:
    keys = ("O4.short_current", "O17.short_charge", "O18.no_short", "O20.critical_current")
    told = f"One law of the local current for four shorts: {evidence.told(*keys)}. "
    found = evidence.knockouts.get("focus")
    told += f"{evidence.knocked('focus')}."
    if found is None or np.isnan(found.ratio):
        return Ruling.not_decidable, told
    if found.before_outcome is not Outcome.determined:
        return Ruling.not_decidable, f"The cell itself does not short. {told}"
    if not _later(found):
        return Ruling.contradicted, told
    if evidence.missed(*keys):
        return Ruling.in_part, told
    return (Ruling.supported if evidence.met(*keys) else Ruling.not_decidable), told


def _later(found: Knockout) -> bool:
    return found.ratio >= CARRIES


def _rest(evidence: Evidence) -> Ruled:
    """Rule at most in part: the filament is fitted to this short, and no place of it is special."""
    found = _wins(evidence, "rest_before_plating")
    known = [one for one in found if one.first_value == one.first_value]
    known = [one for one in known if one.second_value == one.second_value]
    if not known:
        return Ruling.not_decidable, "The comparisons were not run, or the cell ends before."
    if evidence.cell.filament is None:
        return Ruling.not_decidable, "No filament grows in the cell, so nothing shorts it."
    told = ", ".join(
        f"{bounded(one.first_value, one.first_outcome)} after {one.first.partition(' of rest')[0]}"
        for one in known
    )
    least = bounded(known[0].second_value, known[0].second_outcome)
    words = (
        f"Plated to a short at {SHORTED:g} mA/cm², {STAIRS}: {least} mAh/cm² without a rest, "
        f"{told}. The filament's law is fitted to this short, and {evidence.told('O18.no_short')}."
    )
    gain = known[-1].first_value / known[-1].second_value
    if gain >= CARRIES:
        return Ruling.in_part, words
    if gain < 1.0 + SEEN:
        return Ruling.contradicted, words
    return Ruling.not_decidable, f"The longest rest helps by less than twice. {words}"


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "wetting": _wetting,
        "cure": _cure,
        "depletion": _depletion,
        "liquid": _liquid,
        "liquidus": _liquidus,
        "potassium": _potassium,
        "mechanics": _mechanics,
        "slightly_longer": _slightly,
        "realloying": _realloying,
        "pulsing": _pulsing,
        "voids_filled": _voids,
        "filaments": _filaments,
        "rest_before_plating": _rest,
    }
)
