"""Does wetting limit the cell, and would wetting cure it? Threshold, pulses, γ against contact.

Two halves that meet in the contact fraction: what a cell does when its liquid touches more or less
(`wetting_face`), and what a liquid touches on a rough wall at a pressure (`wetting_walls`). Set by
hand: walls, angles, pressures and feature sizes. Fitted: a0, the layer, the kinetics. Left out:
liquids that react with a coating, lines that recede, voids that stripping makes otherwise than the
cell's own law of lost contact. Everything here is a prediction; none of it was measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

from anodescope.cell import Cell
from anodescope.contact.liquid import NAK
from anodescope.contact.wetting import PRESSURES
from anodescope.inference import wetting_walls
from anodescope.inference.wetting_face import (
    Face,
    Performance,
    face_of,
    layer_of,
    perform_all,
)
from anodescope.inference.wetting_walls import Needed, Wall, open_pressure
from anodescope.running import Run

# From far below the layer's thickness (about 70 nm) to far above it (cm).
FEATURES = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
CONTACTS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
# Ends that the summary is written from: much larger and much smaller than the layer.
WIDE, NARROW = 1e-3, 1e-7
ALLOYS = (50.0, 65.0, 80.0)
MPA = 1e6


@final
@dataclass(frozen=True, slots=True)
class Cure:
    """Full contact against that of the calibrated cell.

    Attributes
    ----------
    contact : a0 of the calibrated cell.
    now : its performance. wide, narrow : in full contact, where contacts and voids were much wider
        and much narrower than the layer is thick.
    alloys : by wt % K, (now, in full contact) for wide features.
    members : of other sets of numbers that fit alike: (their a0, now, in full contact), wide.
    """

    contact: float
    now: Performance
    wide: Performance
    narrow: Performance
    alloys: tuple[tuple[float, Performance, Performance], ...]
    members: tuple[tuple[float, Performance, Performance], ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Answer:
    """What `wetting` found.

    Attributes
    ----------
    contact, thickness : a0 of the cell; δ (cm).
    faces : contact and feature size, with what the cell does.
    walls : roughness, angle and pressure, with what the cell does.
    needed : pressures that make a contact. cure : full contact against the cell as it is.
    layer_pressure : from which all round pores wider than δ are filled (Pa), for `NAK`.
    """

    contact: float
    thickness: float
    faces: tuple[tuple[Face, Performance], ...]
    walls: tuple[tuple[Wall, Performance], ...]
    needed: tuple[Needed, ...]
    cure: Cure
    layer_pressure: float

    def face_rows(self) -> list[dict[str, float]]:
        """Return the faces as rows of plain numbers; units are in the names' definitions."""
        return [{**asdict(face), **asdict(done)} for face, done in self.faces]

    def wall_rows(self) -> list[dict[str, Any]]:
        """Return the walls as rows of plain numbers."""
        rows = []
        for one, done in self.walls:
            face = asdict(one.face)
            del face["feature"]
            given = {"rms": one.rms, "angle": one.angle, "pressure": one.pressure}
            rows.append({**given, **face, **asdict(done), "settled": one.settled})
        return rows

    def needed_rows(self) -> list[dict[str, float]]:
        """Return the pressures that are needed as rows of plain numbers."""
        return [asdict(one) for one in self.needed]


def wetting(
    cell: Cell | None = None,
    *,
    contacts: Sequence[float] = CONTACTS,
    features: Sequence[float] = FEATURES,
    roughness: Sequence[float] = wetting_walls.ROUGHNESS,
    angles: Sequence[float] = wetting_walls.ANGLES,
    tension: float = NAK.surface_tension,
    members: Sequence[Cell] = (),
    run: Run | None = None,
) -> Answer:
    """Compute threshold, pulse charge and γ_int against contact, feature, angle and pressure.

    Parameters
    ----------
    cell : calibrated, with a layer; None: the preset NaK50.
    contacts : touched parts of the face, above 0, to 1; a0 is always among them.
    features : correlation lengths of contacts and voids (cm).
    roughness, angles, tension : rms (cm) and contact angle (°) of the walls; N/m.
    members : cells that fit alike (`ensemble_cells`), of which `cure` gives the range.
    run : progress and interruption; its `map` may spread the cells over processes.

    Raises
    ------
    SettingsError
        for numbers out of range and cells without a layer.
    Cancelled
        when the run says so.
    """
    cell = cell or Cell.preset("NaK50")
    a0, thickness = cell.deposit.contact, layer_of(cell).thickness
    before = {length: face_of(cell, a0, length) for length in features}
    faces = [
        face_of(cell, part, length)
        for length in features
        for part in sorted({*map(float, contacts), a0})
    ]
    pairs = [(face, before[face.feature]) for face in faces]
    pressed, needed = wetting_walls.walls(
        cell, roughness=roughness, angles=angles, tension=tension, run=run
    )
    # Walls are on pixels wider than the layer, where the share is the contact itself.
    wide = Face(a0, float("nan"), a0, face_of(cell, a0, wetting_walls.CUTOFF).constriction)
    pairs += [(one.face, wide) for one in pressed]
    done = perform_all(cell, pairs, run)
    return Answer(
        a0, thickness,
        tuple(zip(faces, done[: len(faces)], strict=True)),
        tuple(zip(pressed, done[len(faces) :], strict=True)),
        tuple(needed), cure(cell, members, run), open_pressure(NAK, thickness),
    )  # fmt: skip


def cure(cell: Cell | None = None, members: Sequence[Cell] = (), run: Run | None = None) -> Cure:
    """Return what full contact does, for wide and narrow features, three alloys and an ensemble.

    Some seconds on one core. Raises `SettingsError` for cells without a layer.
    """
    cell = cell or Cell.preset("NaK50")
    a0 = cell.deposit.contact
    wide, narrow = face_of(cell, a0, WIDE), face_of(cell, a0, NARROW)
    # In full contact nothing is constricted, whatever the feature.
    full = face_of(cell, 1.0, WIDE)
    now, cured, small = perform_all(cell, [(wide, wide), (full, wide), (full, narrow)], run)
    alloys = [
        (percent, *_before_and_after(cell.replace(**{"reservoir.potassium_percent": percent}), run))
        for percent in ALLOYS
    ]
    others = [(one.deposit.contact, *_before_and_after(one, run)) for one in members]
    return Cure(a0, now, cured, small, tuple(alloys), tuple(others))


def _before_and_after(cell: Cell, run: Run | None) -> tuple[Performance, Performance]:
    """Return the performance now and in full contact, where contacts are wide."""
    before, full = (face_of(cell, part, WIDE) for part in (cell.deposit.contact, 1.0))
    now, cured = perform_all(cell, [(before, before), (full, before)], run)
    return now, cured


def ensemble_cells(name: str = "NaK50") -> list[Cell]:
    """Return the members of the ensemble that ships, beside the best set, as cells of a preset."""
    from anodescope.inference.ensemble import ensemble
    from anodescope.inference.parameters import with_values

    return [with_values(Cell.preset(name), values) for values in ensemble()[1:]]


# Sentences


def sentences(answer: Answer) -> dict[str, str]:
    """Return one sentence per question: cure, verdict, condition, pressure, and the three curves.

    Keys: cure, verdict, condition, pressure, threshold, pulses, gamma.
    """
    return {
        "cure": wetting_sentence(answer.cure),
        "verdict": _verdict(answer),
        "condition": _condition(answer),
        "pressure": _pressure(answer),
        "threshold": _across(answer, "threshold", "The threshold", "mA/cm²"),
        "pulses": _across(answer, "charge", "The charge of pulses to 3 V", "mAh/cm²"),
        "gamma": _across(answer, "gamma", "γ_int of a fresh face", "Ω·cm²"),
    }


def wetting_sentence(found: Cure) -> str:
    """Return whether wetting would cure, as the model has it, with its numbers."""
    now, wide, narrow = found.now, found.wide, found.narrow
    others = ", ".join(
        f"NaK{percent:g} {_threshold(one)} → {_threshold(two)}"
        for percent, one, two in found.alloys
        if percent != ALLOYS[0]
    )
    return (
        f"Full contact, from {found.contact:.2f}, takes the threshold from {_threshold(now)} to "
        f"{_threshold(wide)} mA/cm² (without iR {now.corrected:.2f} to {wide.corrected:.2f}), the "
        f"pulses from {now.charge:.1f} to {wide.charge:.1f} mAh/cm² and γ_int from {now.gamma:.3g} "
        f"to {wide.gamma:.3g} Ω·cm², if contacts are much wider than the layer; if they are much "
        f"narrower, only to {_threshold(narrow)} mA/cm², {narrow.charge:.1f} mAh/cm² and "
        f"{narrow.gamma:.3g} Ω·cm². It multiplies what the layer carries and does not move x_c "
        f"({others} mA/cm²).{_of_members(found)}"
    )


def _of_members(found: Cure) -> str:
    """Return the range over sets of numbers that fit alike; nothing where there are none."""
    if not found.members:
        return ""
    contacts = _range([contact for contact, _, _ in found.members], "{:.2g}")
    full = _range([_known(after) for _, _, after in found.members], "{:.2g}")
    return (
        f" Over {len(found.members)} other sets of numbers that fit alike the contact now is "
        f"{contacts} and the threshold in full contact {full} mA/cm²."
    )


def _threshold(done: Performance) -> str:
    """Return the threshold, or how far the scan went without one."""
    if not math.isnan(done.threshold):
        return f"{done.threshold:.2f}"
    return f"above {done.ended:.2f}" if done.ended else "none (3 V on the first stair)"


def _at(answer: Answer, pressure: float) -> list[tuple[Wall, Performance]]:
    """Return the walls at a pressure for the angle that wets least."""
    angle = max(one.angle for one, _ in answer.walls)
    return [(w, p) for w, p in answer.walls if w.angle == angle and w.pressure == pressure]


def _verdict(answer: Answer) -> str:
    """Return whether either end of the pressure leaves as little touched as the cell needs."""
    ends = [[w.face.contact for w, _ in _at(answer, pressure)] for pressure in PRESSURES]
    angle, need = _at(answer, PRESSURES[0])[0][0].angle, f"{answer.contact:.2f}"
    both = " and ".join(
        f"{_range(end, '{:.2f}')} at {pressure / MPA:g} MPa"
        for end, pressure in zip(ends, PRESSURES, strict=True)
    )
    least = min(min(end) for end in ends)
    touched = f"At {angle:g}° the walls are touched on {both}; the calibrated cell needs {need}."
    if least <= answer.contact:
        return f"{touched} So at the lower end lack of wetting of such walls can be what limits."
    return (
        f"{touched} So lack of wetting of such walls does not explain that contact at either end; "
        "it could only where gas in the voids takes most of the pressure away, or where something "
        "else keeps the liquid off the face."
    )


def _condition(answer: Answer) -> str:
    angle = max(one.angle for one in answer.needed)
    least = [one for one in answer.needed if one.angle == angle]
    needed, full = (_span([getattr(one, key) for one in least]) for key in ("calibrated", "full"))
    return (
        f"“Wetting limits” needs three things at once: an angle above 90°; contacts wider than the "
        f"layer ({1e7 * answer.thickness:.0f} nm, known only together with its density); and an "
        f"excess pressure that leaves {answer.contact:.2f} of the face touched, at {angle:g}° on "
        f"these walls {needed} (99 % at {full}). From {answer.layer_pressure / MPA:.1f} MPa on "
        "(150°, 0.15 N/m) the round pores that stay open are narrower than the layer, which then "
        "spreads the flux beneath them."
    )


def _pressure(answer: Answer) -> str:
    parts = []
    for pressure in PRESSURES:
        rows = _at(answer, pressure)
        touched = _range([wall.face.contact for wall, _ in rows], "{:.2f}")
        thresholds = _range([_known(done) for _, done in rows], "{:.1f}")
        charges = _range([done.charge for _, done in rows], "{:.0f}")
        parts.append(
            f"at {pressure / MPA:g} MPa {touched} is touched, threshold {thresholds} mA/cm², "
            f"pulses {charges} mAh/cm²"
        )
    return (
        f"If contact were that of these walls at {_at(answer, PRESSURES[0])[0][0].angle:g}° and "
        f"all else as calibrated: {'; '.join(parts)}."
    )


def _known(done: Performance) -> float:
    return done.ended if math.isnan(done.threshold) else done.threshold


def _across(answer: Answer, name: str, says: str, unit: str) -> str:
    """Return a sentence on a quantity at the least and the fullest contact, by feature."""
    parts = []
    for length in sorted({face.feature for face, _ in answer.faces}):
        rows = [done for face, done in answer.faces if face.feature == length]
        first, last = (_value(done, name) for done in (rows[0], rows[-1]))
        parts.append(f"{first} to {last} at {1e7 * length:g} nm")
    contacts = [face.contact for face, _ in answer.faces]
    return (
        f"{says} between contact {min(contacts):.2f} and {max(contacts):.2f}, by feature: "
        f"{', '.join(parts)} ({unit})."
    )


def _value(done: Performance, name: str) -> str:
    if name == "threshold":
        return _threshold(done)
    value = float(getattr(done, name))
    return "0.00" if value < 0.005 else f"{value:.3g}"


def _span(pressures: Sequence[float]) -> str:
    """Return the least and the most of some pressures in kPa."""
    return " to ".join(dict.fromkeys(_kpa(value) for value in (min(pressures), max(pressures))))


def _kpa(pressure: float) -> str:
    if pressure == 0.0:
        return "less than 1 kPa"
    return f"{pressure / 1e3:.3g} kPa" if math.isfinite(pressure) else "more than 10 MPa"


def _range(values: Sequence[float], shape: str) -> str:
    low, high = shape.format(min(values)), shape.format(max(values))
    return low if low == high else f"{low} to {high}"
