"""Under which conditions sweeps were measured: what a Campaign records beside Z."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.campaign import parse_specimen
from anodescope.impedance.sweeps import Source, Sweeps

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

ROOM_TEMPERATURE = 25.0  # °C, where the specimen does not say
_PER_POINT = ("time", "voltage", "current", "voltage_amplitude", "current_amplitude")


@final
@dataclass(frozen=True, slots=True)
class Conditions:
    """What was recorded beside Z; NaN where it was not.

    Attributes
    ----------
    time : instant of each point (s), shape (S, P).
    voltage, current : dc values at each point (V, A), shape (S, P); the voltage only where it is
        that of the electrode which Z is of.
    amplitude : amplitude (peak) of the voltage across what Z is of (V), shape (S, P): as recorded,
        else |Z| times the amplitude of the current.
    current_amplitude : (A), shape (S, P).
    voltage_change : dc voltage at the last point minus that at the first (V), shape (S,).
    bias_voltage, bias_current : means over the sweep (V, A), shape (S,).
    distortion, floor : total harmonic distortion of the response and the noise-to-signal ratio
        beside it (%), shape (S, P).
    electrode : shape (S,).
    current_controlled, voltage_controlled : what the technique's name says, shape (S,).
    temperature : (°C); `temperature_given`: by the specimen, else it is assumed.
    """

    time: Floats
    voltage: Floats
    current: Floats
    amplitude: Floats
    current_amplitude: Floats
    voltage_change: Floats
    bias_voltage: Floats
    bias_current: Floats
    distortion: Floats
    floor: Floats
    electrode: Objects
    current_controlled: Bools
    voltage_controlled: Bools
    temperature: float
    temperature_given: bool

    @classmethod
    def of(cls, source: Source, sweeps: Sweeps) -> Conditions:
        """Read what there is; bare arrays have nothing beside Z."""
        node: Any = {} if isinstance(source, (tuple, list)) else source["spectra"]
        shape = sweeps.frequency.shape
        point = {name: _floats(node, name, shape) for name in _PER_POINT}
        sweep = {name: _floats(node, name, shape[:1]) for name in _PER_SWEEP}
        electrode = _texts(node, "electrode", sweeps.count)
        technique = [str(name).upper() for name in _texts(node, "technique", sweeps.count)]
        by_current = np.array(["GEIS" in name for name in technique], dtype=bool)
        by_voltage = np.array(["PEIS" in name for name in technique], dtype=bool)
        # With a reference electrode the recorded voltage is the working electrode's alone.
        foreign = (electrode == "working").any() & (electrode != "working")
        for name in ("voltage", "voltage_amplitude"):
            point[name][foreign] = np.nan
        for name in ("voltage_change", "bias_voltage"):
            sweep[name][foreign] = np.nan
        recorded, product = (
            point["voltage_amplitude"],
            np.abs(sweeps.impedance) * point["current_amplitude"],
        )
        temperature = _temperature(source)
        distortion, floor = _response(node, shape, by_current, by_voltage, foreign)
        return cls(
            time=point["time"],
            voltage=point["voltage"],
            current=point["current"],
            amplitude=_positive(np.where(np.isfinite(recorded), recorded, product)),
            current_amplitude=_positive(point["current_amplitude"]),
            **sweep,
            distortion=distortion,
            floor=floor,
            electrode=electrode,
            current_controlled=by_current,
            voltage_controlled=by_voltage,
            temperature=ROOM_TEMPERATURE if temperature is None else temperature,
            temperature_given=temperature is not None,
        )


_PER_SWEEP = ("voltage_change", "bias_voltage", "bias_current")


def _response(
    node: Any, shape: tuple[int, ...], by_current: Bools, by_voltage: Bools, foreign: Bools
) -> tuple[Floats, Floats]:
    """Return THD and noise-to-signal ratio of the response: what the technique does not control."""
    found = []
    for kind in ("thd", "nsr"):
        voltage, current = (_floats(node, f"{kind}_{of}", shape) for of in ("voltage", "current"))
        voltage[by_voltage | foreign] = np.nan
        current[by_current] = np.nan
        found.append(np.fmax(voltage, current))
    return found[0], found[1]


def _positive(values: Floats) -> Floats:
    return np.where(values > 0, values, np.nan)


def _floats(node: Any, name: str, shape: tuple[int, ...]) -> Floats:
    if name not in node:
        return np.full(shape, np.nan)
    values = np.array(node[name].values, dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    return values


def _texts(node: Any, name: str, count: int) -> Objects:
    if name not in node:
        return np.full(count, "", dtype=object)
    return np.asarray(node[name].values.astype(object))


def _temperature(source: Source) -> float | None:
    specimen = getattr(source, "attrs", {}).get("specimen") or {}
    return parse_specimen(specimen, "specimen").temperature_celsius
