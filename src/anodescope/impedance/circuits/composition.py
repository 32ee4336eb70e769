"""Equivalent circuits as objects: elements, added in series with `+` and in parallel with `|`.

    Resistor("R0") + ZARC("GB") + ZARC("int")        Resistor("R0") + (Resistor("ct") | CPE("dl"))

Time dependence exp(+iωt), so a capacitive imaginary part is negative. An element's parameters are
called after its symbol and its label, R_ct, Q_dl and n_dl; where a label begins with the symbol of
an element of one parameter, it is the parameter's name, as in Resistor("R0").

An element of resistance R and time constant τ is parametrised by both, not by R and a capacity:
the two are nearly independent in an impedance spectrum, whereas Q, n and R of an R‖CPE are not.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import pi
from typing import ClassVar, final

import numpy as np
import numpy.typing as npt

from anodescope.errors import SettingsError
from anodescope.impedance.circuits.parameters import Exponent, Parameter, Positive

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Values = Mapping[str, npt.ArrayLike] | npt.ArrayLike

# Quantities in which an element's impedance is linear.
_ADDITIVE = ("R", "L", "sigma")


@final
@dataclass(frozen=True, slots=True)
class Points:
    """Where a circuit is evaluated.

    Attributes
    ----------
    s : iω (rad/s).
    ln_omega : logarithm of ω.
    """

    s: Complexes
    ln_omega: Floats

    @classmethod
    def at(cls, frequency: npt.ArrayLike) -> Points:
        """Take frequencies (Hz), positive, of any shape."""
        omega = 2 * pi * np.asarray(frequency, dtype=np.float64)
        return cls(np.asarray(1j * omega), np.asarray(np.log(omega)))

    def power(self, n: Floats | float, tau: Floats | float = 1.0) -> Complexes:
        """Return (iωτ)^n; the phase is the same at all frequencies, so this is a real power."""
        phase = np.asarray(n) * (pi / 2)
        size = np.exp(n * (self.ln_omega + np.log(tau)))
        return np.asarray(size * (np.cos(phase) + 1j * np.sin(phase)), dtype=np.complex128)

    def log(self, tau: Floats | float = 1.0) -> Complexes:
        """Return ln(iωτ)."""
        return np.asarray(self.ln_omega + np.log(tau) + 0.5j * pi, dtype=np.complex128)


Response = tuple[Complexes, list[Complexes]]


class Circuit(ABC):
    """Anything with an impedance: an element, or elements in series and parallel."""

    @property
    @abstractmethod
    def elements(self) -> tuple[Element, ...]:
        """Its elements, in the order written."""

    @abstractmethod
    def response(self, points: Points, values: Sequence[Floats]) -> Response:
        """Return the impedance (Ω) and its derivative by each parameter.

        Parameters
        ----------
        points : frequencies.
        values : one array per parameter, broadcastable with the frequencies.
        """

    @abstractmethod
    def text(self) -> str:
        """Return it as people write it: R0 + (R_ct‖CPE_dl)."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of its elements, in order."""
        return tuple(row for element in self.elements for row in element.own_parameters())

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its parameters, in order."""
        return tuple(row.name for row in self.parameters)

    def __add__(self, other: Circuit) -> Circuit:
        return Series((*_parts(self, Series), *_parts(other, Series)))

    def __or__(self, other: Circuit) -> Circuit:
        return Parallel((*_parts(self, Parallel), *_parts(other, Parallel)))

    def __repr__(self) -> str:
        return self.text()

    def impedance(self, frequency: npt.ArrayLike, values: Values) -> Complexes:
        """Return the impedance (Ω).

        Parameters
        ----------
        frequency : (Hz), shape (F,).
        values : by parameter name, or in the order of `parameters`, shape (K,) for one spectrum or
            (S, K) for many; a mapping holds numbers, or arrays of shape (S,).

        Returns
        -------
        shape (F,) or (S, F).

        Raises
        ------
        SettingsError
            for a parameter that is missing, unknown, or not positive and finite.
        """
        return self._respond(frequency, values)[0]

    def derivatives(self, frequency: npt.ArrayLike, values: Values) -> Complexes:
        """Return the derivatives of the impedance by each parameter, (Ω over its unit).

        Takes and raises what `impedance` does; shape (F, K) or (S, F, K).
        """
        z, found = self._respond(frequency, values)
        return np.stack([np.broadcast_to(part, z.shape) for part in found], axis=-1)

    def ordered(self, values: Values) -> Floats:
        """Return values as an array in the order of `parameters`, shape (K,) or (S, K).

        Raises
        ------
        SettingsError
            for a parameter that is missing, unknown, or not positive and finite.
        """
        if isinstance(values, Mapping):
            self.require_known(values, "values")
            missing = [name for name in self.names if name not in values]
            if missing:
                raise SettingsError(f"Values of {self}: {', '.join(missing)} missing.")
            columns = [np.asarray(values[name], dtype=np.float64) for name in self.names]
            found = np.stack(np.broadcast_arrays(*columns), axis=-1)
        else:
            found = np.asarray(values, dtype=np.float64)
        if found.ndim not in (1, 2) or found.shape[-1] != len(self.names):
            raise SettingsError(
                f"Values of {self}: expected {len(self.names)} numbers per spectrum "
                f"({', '.join(self.names)}), found shape {found.shape}."
            )
        for row, column in zip(self.parameters, np.moveaxis(found, -1, 0), strict=True):
            top = row.high if isinstance(row, Exponent) else np.inf
            if not np.all((column > 0) & (column <= top) & np.isfinite(column)):
                kind = f"at most {top:g}" if np.isfinite(top) else "finite"
                raise SettingsError(f"{row.name}: expected positive numbers, {kind}.")
        return found

    def require_known(self, values: Mapping[str, object], what: str) -> None:
        """Raise SettingsError for a name that is not one of its parameters."""
        for name in values:
            if name not in self.names:
                raise SettingsError(
                    f"{what}: {self} has no parameter {name!r}; it has {', '.join(self.names)}."
                )

    def _respond(self, frequency: npt.ArrayLike, values: Values) -> Response:
        hertz = np.asarray(frequency, dtype=np.float64)
        if hertz.ndim != 1 or not np.all(np.isfinite(hertz) & (hertz > 0)):
            raise SettingsError("frequency: expected positive finite numbers of shape (F,).")
        columns = np.moveaxis(self.ordered(values), -1, 0)[..., None]
        z, found = self.response(Points.at(hertz), list(columns))
        return np.broadcast_to(z, (*columns.shape[1:-1], hertz.size)), found


@final
@dataclass(frozen=True, slots=True, repr=False)
class Series(Circuit):
    """Circuits one behind the other: impedances add."""

    parts: tuple[Circuit, ...]

    def __post_init__(self) -> None:
        _require_distinct(self.parts)

    @property
    def elements(self) -> tuple[Element, ...]:
        """Its elements, in the order written."""
        return tuple(element for part in self.parts for element in part.elements)

    def response(self, points: Points, values: Sequence[Floats]) -> Response:
        """Return the impedance (Ω) and its derivatives."""
        found = _responses(self.parts, points, values)
        return reduce(np.add, (z for z, _ in found)), [slope for _, own in found for slope in own]

    def text(self) -> str:
        """Return its parts with + between."""
        return " + ".join(part.text() for part in self.parts)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Parallel(Circuit):
    """Circuits side by side: admittances add."""

    parts: tuple[Circuit, ...]

    def __post_init__(self) -> None:
        _require_distinct(self.parts)

    @property
    def elements(self) -> tuple[Element, ...]:
        """Its elements, in the order written."""
        return tuple(element for part in self.parts for element in part.elements)

    def response(self, points: Points, values: Sequence[Floats]) -> Response:
        """Return the impedance (Ω) and its derivatives: dZ = (Z/Z_k)² dZ_k."""
        found = _responses(self.parts, points, values)
        z = 1 / reduce(np.add, (1 / part for part, _ in found))
        return z, [(z / part) ** 2 * slope for part, own in found for slope in own]

    def text(self) -> str:
        """Return its parts with ‖ between, in parentheses."""
        inner = (f"({p.text()})" if isinstance(p, Series) else p.text() for p in self.parts)
        return f"({'‖'.join(inner)})"


@dataclass(frozen=True, slots=True, repr=False)
class Element(Circuit):
    """One element; subclasses name their quantities and give the impedance.

    Attributes
    ----------
    label : what tells it from others of its kind.
    """

    label: str
    symbol: ClassVar[str]
    # Quantity and unit of each parameter; an exponent's unit is 1 and its quantity n.
    quantities: ClassVar[tuple[tuple[str, str], ...]]

    def __post_init__(self) -> None:
        if not self.label or not self.label.isprintable() or self.label != self.label.strip():
            raise SettingsError(
                f"Label of a {type(self).__name__}: expected a word, found {self.label!r}."
            )

    @property
    def elements(self) -> tuple[Element, ...]:
        """Itself."""
        return (self,)

    def own_parameters(self) -> tuple[Parameter, ...]:
        """Return its parameters."""
        return tuple(
            Exponent(self.name_of(quantity), unit)
            if quantity == "n"
            else Positive(self.name_of(quantity), unit, additive=quantity in _ADDITIVE)
            for quantity, unit in self.quantities
        )

    def name_of(self, quantity: str) -> str:
        """Return the name of the parameter for one of its quantities."""
        if len(self.quantities) == 1 and self.label.startswith(quantity):
            return self.label
        return f"{quantity}_{self.label}"

    def text(self) -> str:
        """Return its symbol and label."""
        begins = self.label.startswith(self.symbol)
        return self.label if begins else f"{self.symbol}_{self.label}"

    @abstractmethod
    def typical(self, size: Floats, omega: Floats) -> tuple[Floats, ...]:
        """Return values of its parameters for |Z| of a size (Ω) about ω (rad/s)."""


def _parts(circuit: Circuit, kind: type[Series] | type[Parallel]) -> tuple[Circuit, ...]:
    return circuit.parts if isinstance(circuit, kind) else (circuit,)


def _responses(
    parts: tuple[Circuit, ...], points: Points, values: Sequence[Floats]
) -> list[Response]:
    """Evaluate the parts, each with its share of the values."""
    found, first = [], 0
    for part in parts:
        count = sum(len(element.quantities) for element in part.elements)
        found.append(part.response(points, values[first : first + count]))
        first += count
    return found


def _require_distinct(parts: tuple[Circuit, ...]) -> None:
    if not parts:
        raise SettingsError("A circuit needs at least one element.")
    names = [row.name for part in parts for row in part.parameters]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SettingsError(f"Two elements of a circuit share the parameter {twice}: rename one.")
