"""Which pixels in contact belong together: the spots of a map, through periodic sides too."""

from __future__ import annotations

from typing import Any

import numpy as np

from anodescope.contact.pictures import one_map
from anodescope.contact.slab import checked_sides

Array = np.ndarray[Any, np.dtype[Any]]


def spots(contact: Any, sides: str = "periodic") -> Array:
    """Label the connected parts of a map; pixels are neighbours by their edges, not their corners.

    Parameters
    ----------
    contact : (y, x) bool.
    sides : "periodic": the left edge touches the right one, the top one the bottom; "mirror": not.

    Returns
    -------
    (y, x) int: 0 where there is no contact, else 1, 2, … in the order of the first pixel met.

    Raises
    ------
    SettingsError
        for what is no map of contact, and for sides that are not known.
    """
    from scipy import ndimage

    labels, count = ndimage.label(one_map(contact))
    checked_sides(sides)
    if count == 0 or sides == "mirror":
        return np.asarray(labels)
    pairs = np.concatenate(
        [np.stack([labels[0], labels[-1]], 1), np.stack([labels[:, 0], labels[:, -1]], 1)]
    )
    return _joined(np.asarray(labels), int(count), pairs[np.all(pairs > 0, axis=1)])


def _joined(labels: Array, count: int, pairs: Array) -> Array:
    """Give one label to those that touch through a side."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(pairs))
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(count + 1, count + 1))
    _, group = connected_components(graph, directed=False)
    joined = group[labels]
    _, first, place = np.unique(joined[labels > 0], return_index=True, return_inverse=True)
    order = np.empty(first.size, dtype=labels.dtype)
    order[np.argsort(first)] = np.arange(1, first.size + 1)
    result = np.zeros_like(labels)
    result[labels > 0] = order[place]
    return result


def sums(labels: Array, values: Array) -> Array:
    """Sum a map over each spot: (…, y, x) → (…, spot)."""
    count = int(labels.max())
    flat, place = values.reshape(-1, labels.size), labels.ravel()
    total = [
        np.bincount(place, part, count + 1)[1:] for row in flat for part in (row.real, row.imag)
    ]
    both = np.asarray(total).reshape(len(flat), 2, count)
    result = both[:, 0] + 1j * both[:, 1] if np.iscomplexobj(values) else both[:, 0]
    return result.reshape(*values.shape[:-2], count)
