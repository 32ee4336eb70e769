"""What figures and tables look at: a narrow, read-only window on a Campaign.

Nothing is analysed here: values are fetched, masked where they are not valid, ordered in time and
given the unit in which they are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from anodescope.errors import SchemaError
from anodescope.report.style import THIN, shorten

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

ORDER = {"cell": 0, "working": 1, "counter": 2}
TRIMMED = ("inductive", "drifting")
DRAWN_OUTCOMES = ("converged", "fallback", "max_steps", "not_described")


class CampaignLike(Protocol):
    """The part of a Campaign that the report looks at."""

    @property
    def attrs(self) -> Mapping[str, Any]:
        """Root attributes."""

    def __getitem__(self, name: str, /) -> xr.Dataset:
        """Return a node."""

    def __contains__(self, name: object, /) -> bool:
        """Whether the campaign has this node."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """One sweep as it is drawn: its valid points, highest frequency first.

    `impedance` and `fit` are in the unit of `ohm_unit`; `fit`, `kk` and `misfit` (relative
    residuals) are None where nothing was computed. `trimmed` are points that the validation took
    out: an inductive fast end, a slow end measured while the cell changed.
    """

    index: int
    frequency: Floats
    impedance: Complexes
    fit: Complexes | None
    kk: Complexes | None
    misfit: Complexes | None
    trimmed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scale:
    """Multiply a value in the schema's unit by `factor` to get it in `unit`."""

    factor: float
    unit: str


def node(campaign: CampaignLike, name: str) -> xr.Dataset | None:
    """Return a node, or None where it is absent or holds no rows."""
    if name not in campaign:
        return None
    dataset = campaign[name]
    if not dataset.sizes or min(dataset.sizes.values()) == 0:
        return None
    return dataset


def stored(campaign: CampaignLike, name: str, variable: str) -> NDArray[Any] | None:
    """Return a variable of a node as an array, or None where either is absent."""
    dataset = node(campaign, name)
    if dataset is None or variable not in dataset.variables:
        return None
    values = np.asarray(dataset[variable].values)
    # NumPy's variable-length text cannot be cast to fixed-width text; plain objects can.
    return values.astype(object) if values.dtype.kind == "T" else values


def required(campaign: CampaignLike, name: str, variable: str) -> NDArray[Any]:
    """Return a variable of a node.

    Raises
    ------
    SchemaError
        where the node or the variable is absent.
    """
    found = stored(campaign, name, variable)
    if found is None:
        raise SchemaError(f"Nothing to draw: the campaign holds no {variable} in a node {name!r}.")
    return found


def electrodes(campaign: CampaignLike) -> tuple[str, ...]:
    """Return the electrodes whose impedance was measured: cell, working, counter, others."""
    names = stored(campaign, "spectra", "electrode")
    found = [] if names is None else sorted({str(n) for n in names})
    return tuple(sorted(found, key=lambda name: (ORDER.get(name, 9), name)))


def sweeps_of(campaign: CampaignLike, electrode: str | None = None) -> NDArray[np.intp]:
    """Return the rows of one electrode's sweeps (of the default one for None) in time order."""
    starts = stored(campaign, "spectra", "time_start")
    if starts is None:
        return np.zeros(0, dtype=np.intp)
    names = electrodes(campaign)
    wanted = electrode if electrode is not None else (names[0] if names else None)
    rows = np.arange(len(starts))
    if wanted is not None and names:
        rows = rows[required(campaign, "spectra", "electrode").astype(object) == wanted]
    return rows[np.argsort(starts[rows], kind="stable")].astype(np.intp)


def usable(campaign: CampaignLike, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Keep the sweeps that hold points and, where any sweep has a DRT, that have one."""
    valid = required(campaign, "spectra", "valid")[rows]
    finite = np.isfinite(required(campaign, "spectra", "impedance")[rows])
    rows = rows[(valid & finite).any(axis=1)]
    timed = np.isfinite(required(campaign, "spectra", "time_start")[rows])
    rows = rows[timed] if timed.any() else rows
    gamma = stored(campaign, "drt", "gamma")
    if gamma is None or len(rows) == 0:
        return rows
    drawn = np.isfinite(gamma[rows]).any(axis=1)
    return rows[drawn] if drawn.any() else rows


def choose_sweeps(campaign: CampaignLike, n: int = 5, electrode: str | None = None) -> list[int]:
    """Choose which sweeps to draw: the first, the last and evenly spaced ones between them.

    Where the protocol has several blocks with sweeps (a staircase, then a rest), each gets its
    share, so that a long rest does not crowd out what was before it.

    Parameters
    ----------
    campaign : Campaign
    n : how many, at most.
    electrode : cell, working or counter; None takes the first of these that was measured.

    Returns
    -------
    list of int
        Rows of the spectra node, in time order; empty where there is no spectrum.
    """
    rows = sweeps_of(campaign, electrode)
    if len(rows) == 0 or n < 1:
        return []
    parts = _by_block(campaign, usable(campaign, rows))
    if len(parts) > n:
        parts = [np.concatenate(parts)]
    shares = [n // len(parts) + (k < n % len(parts)) for k in range(len(parts))]
    return [
        int(row) for part, share in zip(parts, shares, strict=True) for row in _spread(part, share)
    ]


def _spread(rows: np.ndarray, n: int) -> np.ndarray:
    """Return up to `n` rows, evenly spaced, both ends among them."""
    places = np.unique(np.round(np.linspace(0, len(rows) - 1, min(n, len(rows)))).astype(int))
    return np.asarray(rows[places])


def _by_block(campaign: CampaignLike, rows: np.ndarray) -> list[np.ndarray]:
    """Part rows, in time order, where another block of the protocol begins."""
    starts = stored(campaign, "spectra", "time_start")
    begin, block = stored(campaign, "protocol", "time_start"), stored(campaign, "protocol", "block")
    if begin is None or block is None or not len(begin) or starts is None or not len(rows):
        return [rows]
    place = np.searchsorted(begin, starts[rows] + 1e-6, side="right") - 1
    inside = block[np.maximum(place, 0)]
    return np.split(rows, np.flatnonzero(np.diff(inside)) + 1)


def spectrum(campaign: CampaignLike, row: int) -> Spectrum:
    """Return one sweep with what was computed for it."""
    frequency = required(campaign, "spectra", "frequency")[row]
    impedance = required(campaign, "spectra", "impedance")[row]
    keep = required(campaign, "spectra", "valid")[row] & np.isfinite(impedance)
    keep &= np.isfinite(frequency) & (frequency > 0)
    order = np.flatnonzero(keep)[np.argsort(-frequency[keep], kind="stable")]

    factor = float(ohm_factors(campaign)[row])

    def part(name: str, variable: str) -> Complexes | None:
        values = stored(campaign, name, variable)
        if values is None or not np.isfinite(values[row, order]).any():
            return None
        return np.asarray(values[row, order], dtype=complex)

    fit = part("drt", "fit")
    return Spectrum(
        row,
        frequency[order],
        impedance[order] * factor,
        None if fit is None else fit * factor,
        part("validation", "residual"),
        part("drt", "residual"),
        trimmed(campaign, row)[order],
    )


def trimmed(campaign: CampaignLike, row: int) -> NDArray[np.bool_]:
    """Tell which points of a sweep the validation trimmed, shape (point,)."""
    shape = required(campaign, "spectra", "valid")[row].shape
    found = np.zeros(shape, dtype=bool)
    for name in TRIMMED:
        flags = stored(campaign, "validation", name)
        if flags is not None:
            found |= flags[row].astype(bool)
    return found


def windows(campaign: CampaignLike) -> Floats:
    """Return 1/(2πf_max) and 1/(2πf_min) of every sweep (s), shape (spectrum, 2)."""
    frequency = np.array(required(campaign, "spectra", "frequency"), dtype=float)
    keep = required(campaign, "spectra", "valid") & (frequency > 0)
    highest = np.where(keep, frequency, -np.inf).max(axis=1)
    lowest = np.where(keep, frequency, np.inf).min(axis=1)
    measured = np.isfinite(lowest)
    with np.errstate(divide="ignore", invalid="ignore"):
        bounds = 1 / (2 * np.pi * np.stack([highest, lowest], axis=1))
    return np.where(measured[:, None], bounds, np.nan)


def areas(campaign: CampaignLike) -> dict[str, float]:
    """Return the area (cm²) that the user gave for each measured electrode; absent: not given.

    The cell's impedance refers to the electrode under study, the others' to their own area.
    """
    specimen = campaign.attrs.get("specimen")
    table = specimen.get("area_cm2") if isinstance(specimen, Mapping) else None
    if not isinstance(specimen, Mapping) or not isinstance(table, Mapping):
        return {}
    studied = str(specimen.get("electrode_under_study") or "alloy")
    working = str(campaign.attrs.get("working_electrode") or "unknown")
    other = "counter" if working == studied else studied
    parts = {"cell": studied, "working": working, "counter": other if working != "unknown" else ""}
    return {name: float(table[part]) for name, part in parts.items() if _is_area(table.get(part))}


def _is_area(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < np.inf


def per_area(campaign: CampaignLike) -> bool:
    """Tell whether resistances are drawn per area: an area is given for every electrode."""
    known = areas(campaign)
    names = electrodes(campaign)
    return bool(names) and all(name in known for name in names)


def ohm_unit(campaign: CampaignLike) -> str:
    """Return the unit of resistances: Ω, or Ω cm² where the user gave the areas."""
    return f"Ω{THIN}cm²" if per_area(campaign) else "Ω"


def ohm_factors(campaign: CampaignLike) -> Floats:
    """Return by what each sweep's impedance (Ω) is multiplied to be in `ohm_unit`."""
    names = stored(campaign, "spectra", "electrode")
    starts = stored(campaign, "spectra", "time_start")
    count = 0 if starts is None else len(starts)
    if names is None or not per_area(campaign):
        return np.ones(count)
    known = areas(campaign)
    return np.array([known[str(name)] for name in names])


def prefixed(largest: float, unit: str) -> Scale:
    """Return the scale by which `largest` reads between 1 and 1000 with an SI prefix."""
    if not np.isfinite(largest) or largest <= 0:
        return Scale(1.0, unit)
    steps = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))
    size, prefix = next((s for s in steps if largest >= s[0] * 0.9995), steps[-1])
    return Scale(1 / size, prefix + unit)


def time_scale(span: float) -> Scale:
    """Return the unit in which `span` seconds read best: s, min, h or d."""
    for limit, seconds, unit in (
        (180.0, 1.0, "s"),
        (3 * 3600.0, 60.0, "min"),
        (96 * 3600.0, 3600.0, "h"),
    ):
        if span <= limit:
            return Scale(1 / seconds, unit)
    return Scale(1 / 86400, "d")


def spoken(value: float, unit: str, digits: int = 3) -> str:
    """Return a number with an SI prefix and a thin space, as in “7 MHz” or “−0.12 mA”."""
    if not np.isfinite(value):
        return "–"
    scale = prefixed(abs(value), unit)
    text = f"{value * scale.factor:.{digits}g}".replace("-", "−")
    if "e" in text:
        text = f"{value * scale.factor:.0f}".replace("-", "−")
    return f"{text}{THIN}{scale.unit}"


def density_scale(largest: float) -> Scale:
    """Return the unit of a current density whose largest value (A/cm²) is given.

    The field speaks of mA cm⁻²; what is far smaller or larger takes another prefix.
    """
    if largest == 0 or 5e-6 <= largest < 10:
        return Scale(1e3, f"mA{THIN}cm⁻²")
    scale = prefixed(largest, "A")
    return Scale(scale.factor, f"{scale.unit}{THIN}cm⁻²")


def spoken_time(seconds: float) -> str:
    """Return an instant or a duration in the unit that suits it: “35 s”, “1.5 min”, “15 h”."""
    if not np.isfinite(seconds):
        return "–"
    scale = time_scale(1.5 * abs(seconds))
    value = 0.0 if abs(seconds) < 5e-4 else seconds * scale.factor
    text = f"{value:.3g}"
    if "e" in text:
        text = f"{value:.0f}"
    return f"{text}{THIN}{scale.unit}".replace("-", "−")


def at_rest(campaign: CampaignLike) -> NDArray[np.bool_]:
    """Tell which sweeps ran without a current, shape (spectrum,).

    The protocol knows; without it, a bias below 1 % of the largest current counts as none: what an
    instrument records at rest is its offset.
    """
    starts = required(campaign, "spectra", "time_start")
    bias = stored(campaign, "spectra", "bias_current")
    sizes = np.abs(np.full(len(starts), np.nan) if bias is None else bias.astype(float))
    series = stored(campaign, "timeseries", "current")
    every = sizes if series is None else np.append(sizes, np.abs(series.astype(float)))
    known = every[np.isfinite(every)]
    idle = sizes <= 0.01 * (float(known.max()) if len(known) else 0.0)
    row, asked = (stored(campaign, "protocol", name) for name in ("spectrum", "current"))
    if row is None or asked is None:
        return np.asarray(idle)
    for flows in (True, False):
        named = row[(row >= 0) & (row < len(starts)) & np.isfinite(asked) & ((asked != 0) == flows)]
        # The other electrodes of a sweep have rows of the same instant.
        idle[np.isin(starts, starts[named.astype(int)])] = not flows
    return np.asarray(idle)


def sweep_label(campaign: CampaignLike, row: int) -> str:
    """Return “12.3 min, 0.12 mA” or “15 h, at rest”: when a sweep began, and its bias if known."""
    start = float(required(campaign, "spectra", "time_start")[row])
    label = spoken_time(start) if np.isfinite(start) else f"sweep {row}"
    if at_rest(campaign)[row]:
        return f"{label}, at rest"
    for name, unit in (("bias_current_density", ""), ("bias_current", "A")):
        value = stored(campaign, "spectra", name)
        if value is not None and np.isfinite(value[row]):
            size = abs(float(value[row]))
            scale = prefixed(size, unit) if unit else density_scale(size)
            told = f"{value[row] * scale.factor:.3g}".replace("-", "−")
            return f"{label}, {told}{THIN}{scale.unit}"
    return label


def specimen_line(campaign: CampaignLike, length: int = 90) -> str:
    """Return the specimen in one line: its title, or what its table says of it."""
    attrs = campaign.attrs
    specimen = attrs.get("specimen") or {}
    told: object = attrs.get("title") or ""
    if not told and isinstance(specimen, Mapping):
        told = specimen.get("name") or specimen.get("composition") or specimen.get("cell_id") or ""
    return shorten(told, length)


def protocol_line(campaign: CampaignLike) -> str:
    """Return what was measured in one line: “96 spectra (GEIS), 7 MHz – 5 Hz, 71 points each”."""
    frequency = stored(campaign, "spectra", "frequency")
    if frequency is None:
        return "no spectra"
    valid = required(campaign, "spectra", "valid") & (frequency > 0)
    count = len(frequency)
    techniques = stored(campaign, "spectra", "technique")
    kinds = "" if techniques is None else ", ".join(dict.fromkeys(str(t) for t in techniques))
    names = electrodes(campaign)
    if len(names) > 1:
        kinds = "; ".join(part for part in (kinds, ", ".join(names)) if part)
    line = f"{count} spectr{'um' if count == 1 else 'a'}" + (f" ({kinds})" if kinds else "")
    if not valid.any():
        return line
    measured = frequency[valid]
    counts = valid.sum(axis=1)[valid.any(axis=1)]
    few, many = int(counts.min()), int(counts.max())
    span = f"{spoken(float(measured.max()), 'Hz')} – {spoken(float(measured.min()), 'Hz')}"
    points = f"{many}" if few == many else f"{few} to {many}"
    return f"{line}, {span}, {points} points each"
