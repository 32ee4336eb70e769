"""Reading the rows of a stored node: nothing is loaded before it is asked for.

Rows beyond the node's `committed` count are a writer's unfinished business and do not exist here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

from anodescope.campaign.schema import row_dim
from anodescope.errors import StoreError

if TYPE_CHECKING:
    import zarr

COMMITTED = "committed"


def open_rows(path: Path) -> xr.Dataset:
    """Open the committed rows of the node stored at `path`, without Dask.

    Only coordinates that are an index (time, tau) are read at once. A local Zarr store keeps no
    file open, so there is nothing to close; a value that was read stays in memory.
    """
    dataset = xr.open_dataset(path, engine=_RowsBackend, chunks=None)
    return dataset.drop_encoding()


class _RowsBackend(BackendEntrypoint):
    """xarray's way to a stored node; it adds the lazy indexing and the cache."""

    def open_dataset(
        self, filename_or_obj: Any, *, drop_variables: str | Iterable[str] | None = None
    ) -> xr.Dataset:
        import zarr

        path = Path(filename_or_obj)
        group = zarr.open_group(path, mode="r", zarr_format=3, use_consolidated=False)
        attrs = dict(group.attrs)
        # The count is read before the arrays: a writer raises it after them.
        committed = attrs.pop(COMMITTED, None)
        grows = row_dim(path.name)
        variables = {}
        # Not group.arrays(): it warns of the files that a writer is about to rename.
        for name in sorted(item.parent.name for item in path.glob("[!.]*/zarr.json")):
            array = group[name]
            if not isinstance(array, zarr.Array):
                raise StoreError(f"{path / name}: expected an array, found a group.")
            dims = _dims(array)
            rows = committed if isinstance(committed, int) and dims[:1] == (grows,) else None
            if rows is not None and array.shape[0] < rows:
                raise StoreError(
                    f"{path / name}: expected {rows} committed rows, found {array.shape[0]}; "
                    "the store is damaged: write the campaign again."
                )
            lazy = indexing.LazilyIndexedArray(_CommittedRows(path / name, array, rows))
            variables[name] = xr.Variable(dims, lazy, dict(array.attrs))
        return xr.Dataset(variables, attrs=attrs)


class _CommittedRows(BackendArray):
    """A Zarr array as long as its committed rows."""

    def __init__(self, place: Path, array: zarr.Array[Any], rows: int | None) -> None:
        self._place = place
        self._array = array
        self._committed = rows is not None
        self.shape = array.shape if rows is None else (rows, *array.shape[1:])
        self.dtype = np.dtype(array.dtype)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> Any:
        # Ends and negative places count from the committed rows, not from the stored ones.
        fixed = tuple(_absolute(item, size) for item, size in zip(key, self.shape, strict=True))
        if self._committed and self.size:
            self._require_chunks(np.arange(self.shape[0])[fixed[0]])
        try:
            return self._array.oindex[fixed]
        except (ValueError, RuntimeError, OSError) as error:
            raise StoreError(
                f"{self._place}: these rows cannot be read ({error}); the store was rewritten "
                "since it was opened, or it is damaged: open the campaign again."
            ) from error

    def _require_chunks(self, rows: Any) -> None:
        """Raise StoreError where a chunk is lost: Zarr would make rows of NaN of it in silence."""
        for number in np.unique(np.asarray(rows) // self._array.chunks[0]):
            chunk = Path("c", str(number), *["0"] * (self._array.ndim - 1))
            if not (self._place / chunk).is_file():
                raise StoreError(
                    f"{self._place}: the chunk {chunk.as_posix()} is missing; "
                    "open the campaign again, and if that fails write it again."
                )


def _dims(array: zarr.Array[Any]) -> tuple[str, ...]:
    names = getattr(array.metadata, "dimension_names", None) or ()
    return tuple(str(name) for name in names)


def _absolute(item: Any, size: int) -> Any:
    if isinstance(item, slice):
        return slice(*item.indices(size))
    if isinstance(item, np.ndarray):
        return np.where(item < 0, item + size, item)
    return int(item) + size if item < 0 else int(item)
