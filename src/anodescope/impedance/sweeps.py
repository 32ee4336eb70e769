"""What every verb of this room starts from: sweeps as bare arrays, whatever they came from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, final

import numpy as np
import numpy.typing as npt
import xarray as xr

from anodescope.errors import Outcome, SchemaError

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# Two currents belong to different stages when they differ by this share of the larger.
_CURRENT_STEP = 0.3


class HasNodes(Protocol):
    """A Campaign, as far as this room needs to know it."""

    def __getitem__(self, node: str, /) -> xr.Dataset:
        """Return one node."""

    def __contains__(self, node: object, /) -> bool:
        """Say whether there is such a node."""


Source = HasNodes | tuple[npt.ArrayLike, npt.ArrayLike]


@final
@dataclass(frozen=True, slots=True)
class Sweeps:
    """Sweeps as arrays; points that are not usable are masked, never moved.

    Attributes
    ----------
    frequency : (Hz), shape (S, P).
    impedance : (Ω), shape (S, P).
    valid : marked valid by the source, and finite, with a positive frequency, shape (S, P).
    claimed : marked valid by the source, shape (S, P).
    time : middle of each sweep (s), shape (S,), or None where the source has no clock.
    instants : when each point was measured (s), shape (S, P); None: unknown.
    series : rows with the same number are one electrode's, shape (S,); None: all are.
    stage : changes from one row to the next where the protocol does, shape (S,); None: never.
    """

    frequency: Floats
    impedance: Complexes
    valid: Bools
    claimed: Bools
    time: Floats | None = None
    instants: Floats | None = None
    series: Ints | None = None
    stage: Ints | None = None

    @classmethod
    def of(cls, source: Source, *, trimmed: bool = False) -> Sweeps:
        """Read a Campaign's spectra, or a pair (frequency (Hz), impedance (Ω)).

        Points that the Campaign's validation node marks as trimmed are left out, as if they had
        not been measured; a validation node of other rows than the spectra's is not used.

        Parameters
        ----------
        source : a Campaign, or a pair of arrays: frequency of shape (P,) or (S, P), impedance of
            shape (P,) or (S, P). A single spectrum becomes one row.
        trimmed : take the trimmed points too.

        Raises
        ------
        SchemaError
            when shapes do not fit or there is no `spectra` node.
        """
        if isinstance(source, (tuple, list)):
            if len(source) != 2:
                raise SchemaError(
                    "Expected a Campaign or a pair (frequency (Hz), impedance (Ω)), "
                    f"found {len(source)} values."
                )
            return cls._of_arrays(*source)
        node = source["spectra"]
        sweeps = cls._of_arrays(node["frequency"].values, node["impedance"].values)
        claimed = np.asarray(node["valid"].values, dtype=bool)
        if not trimmed and "validation" in source:
            claimed = claimed & ~trimmed_points(source["validation"], claimed.shape)
        middle = (node["time_start"].values + node["time_end"].values) / 2
        return cls(
            sweeps.frequency,
            sweeps.impedance,
            sweeps.valid & claimed,
            claimed,
            middle,
            np.asarray(node["time"].values, dtype=np.float64),
            np.unique(node["electrode"].values.astype(object).astype("U"), return_inverse=True)[1],
            _stages(source, node),
        )

    @classmethod
    def _of_arrays(cls, frequency: npt.ArrayLike, impedance: npt.ArrayLike) -> Sweeps:
        given = np.asarray(impedance)
        if given.ndim not in (1, 2) or given.dtype.kind not in "cfiu":
            raise SchemaError(
                "Impedance: expected complex numbers of shape (point,) or (spectrum, point), "
                f"found {given.dtype} of shape {given.shape}."
            )
        z = np.atleast_2d(given).astype(np.complex128)
        hertz = np.asarray(frequency)
        if hertz.dtype.kind not in "fiu" or hertz.shape not in (z.shape, z.shape[1:]):
            raise SchemaError(
                f"Frequency: expected real numbers of shape {z.shape[1:]} or {z.shape}, "
                f"found {hertz.dtype} of shape {hertz.shape}."
            )
        f = np.broadcast_to(hertz.astype(np.float64), z.shape)
        with np.errstate(invalid="ignore"):
            valid = np.isfinite(z) & np.isfinite(f) & (f > 0)
        return cls(f, z, valid, np.ones(z.shape, dtype=bool))

    @property
    def count(self) -> int:
        """Number of spectra."""
        return len(self.frequency)

    def window(self) -> tuple[Floats, Floats]:
        """Return the lowest and the highest valid frequency (Hz) of each row; NaN without any."""
        low = np.where(self.valid, self.frequency, np.inf).min(axis=1, initial=np.inf)
        high = np.where(self.valid, self.frequency, -np.inf).max(axis=1, initial=-np.inf)
        none = ~self.valid.any(axis=1)
        return np.where(none, np.nan, low), np.where(none, np.nan, high)

    def why_unusable(self, spectrum: int) -> Outcome:
        """Say why a row cannot be computed: values that are not finite, or too few of them."""
        lost = self.claimed[spectrum] & ~self.valid[spectrum]
        return Outcome.not_finite if lost.any() else Outcome.too_few_points

    def relative_residual(self, fit: Complexes) -> Complexes:
        """Return (Z − Ẑ)/|Z|, shape (S, P); NaN where a point is not valid or Z is zero."""
        with np.errstate(invalid="ignore", divide="ignore"):
            size = np.abs(self.impedance)
            residual = (self.impedance - fit) / size
        return np.where(self.valid & (size > 0), residual, complex(np.nan, np.nan))


def _stages(source: HasNodes, spectra: xr.Dataset) -> Ints | None:
    """Number the stages of the protocol: its blocks, and within them signs and sizes of current.

    Each electrode is counted by itself, in order of time. Small steps of a staircase are one stage.
    None where no protocol was recognised.
    """
    if "protocol" not in source:
        return None
    phases = source["protocol"]
    count = spectra.sizes["spectrum"]
    if not phases.sizes.get("phase", 0) or not count:
        return None
    start, end = phases["time_start"].values, phases["time_end"].values
    middle = (spectra["time_start"].values + spectra["time_end"].values) / 2
    place = np.clip(np.searchsorted(start, middle, side="right") - 1, 0, start.size - 1)
    inside = middle <= end[place]
    block = np.where(inside, phases["block"].values[place], -1)
    current = np.nan_to_num(np.where(inside, phases["current"].values[place], 0.0))
    electrode = spectra["electrode"].values.astype(object).astype("U")
    stage = np.zeros(count, dtype=np.int64)
    for name in np.unique(electrode):
        rows = np.flatnonzero(electrode == name)
        rows = rows[np.argsort(middle[rows], kind="stable")]
        for before, row in pairwise(rows):
            size = max(abs(current[before]), abs(current[row]))
            new = block[before] != block[row]
            new |= abs(current[row] - current[before]) > _CURRENT_STEP * size > 0
            stage[row] = stage[before] + int(new)
    return stage


def trimmed_points(validation: xr.Dataset, shape: tuple[int, ...]) -> Bools:
    """Return which points were trimmed on record; none where the node is of other rows."""
    mask = np.zeros(shape, dtype=bool)
    for name in ("inductive", "drifting"):
        if name in validation and validation[name].shape == shape:
            mask |= np.asarray(validation[name].values, dtype=bool)
    return mask


def root_mean_square(residual: Complexes) -> Floats:
    """Return sqrt(mean of the squares over points and both parts) of each row; NaN is left out.

    Parameters
    ----------
    residual : shape (S, P).
    """
    parts = np.concatenate([residual.real, residual.imag], axis=1)
    count = np.isfinite(parts).sum(axis=1)
    square = np.nansum(parts**2, axis=1)
    return np.asarray(np.sqrt(square / np.where(count > 0, count, np.nan)))


def stacked_parts(impedance: Complexes) -> Floats:
    """Return real parts, then imaginary parts, along the last axis: shape (…, 2P)."""
    return np.concatenate([impedance.real, impedance.imag], axis=-1)


def blocks(count: int, size: int) -> list[slice]:
    """Cut rows into blocks by their number alone, never by the number of workers."""
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def parameters_of(settings: object) -> dict[str, Any]:
    """Return a settings dataclass's fields as JSON-ready values."""
    names: dict[str, Any] = getattr(settings, "__dataclass_fields__", {})
    found = {name: getattr(settings, name) for name in names}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}
