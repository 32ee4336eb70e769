"""Optimal assignment where few of all links are possible: cut into parts that share no end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# An end without a link costs this, so that as many as possible have one.
NO_LINK = 100.0


def pairs(frame: Ints, start: Ints, stop: Ints) -> tuple[Ints, Ints]:
    """All pairs (i, j) with start[i] <= frame[j] <= stop[i]; `frame` is ascending."""
    begin = np.searchsorted(frame, start, side="left")
    count = np.searchsorted(frame, stop, side="right") - begin
    first = np.repeat(np.arange(start.size), count)
    offset = np.arange(first.size) - np.repeat(np.cumsum(count) - count, count)
    return first, begin[first] + offset


def assign(first: Ints, second: Ints, cost: Floats) -> tuple[Ints, Ints]:
    """Return the links of least total cost, each end used at most once, as many as possible.

    Parameters
    ----------
    first, second : ends of each possible link, shape (L,).
    cost : of each, below half of `NO_LINK`; infinite: not possible, shape (L,).
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    possible = np.isfinite(cost)
    first, second, cost = first[possible], second[possible], cost[possible]
    if not first.size:
        return first, second
    rows, i = np.unique(first, return_inverse=True)
    columns, j = np.unique(second, return_inverse=True)
    nodes = rows.size + columns.size
    graph = coo_array((np.ones(i.size), (i, rows.size + j)), shape=(nodes, nodes))
    part = connected_components(graph, directed=False)[1][i]
    order = np.argsort(part, kind="stable")
    edges = np.split(order, np.flatnonzero(np.diff(part[order])) + 1)
    chosen = []
    for group in edges:
        if group.size == 1:
            chosen.append(group)
            continue
        a, at = np.unique(i[group], return_inverse=True)
        b, bt = np.unique(j[group], return_inverse=True)
        table = np.full((a.size, b.size), NO_LINK)
        table[at, bt] = cost[group]
        which = np.full(table.shape, -1)
        which[at, bt] = group
        taken = which[linear_sum_assignment(table)]
        chosen.append(taken[taken >= 0])
    links = np.sort(np.concatenate(chosen))
    return first[links], second[links]


def chains(count: int, first: Ints, second: Ints) -> Ints:
    """Return the chain of each of `count` things, of which some follow others."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(first.size), (first, second)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
