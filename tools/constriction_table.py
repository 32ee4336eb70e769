"""Compute the constriction table of the virtual cell, src/anodescope/cell/constriction.npz.

Contact maps are thresholded Gaussian fields of correlation length ℓ; what a map costs beyond the
slab is (ℓ/κ)·f(contact fraction, ℓ over the slab's thickness, iω·C_gap·ℓ/κ). Each f is the mean of
the maps of `SEEDS`, with the pixel's first-order error taken out by a run on split pixels. Two
cores, some ten minutes:

    python -m tools.constriction_table
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from anodescope.contact import constriction
from anodescope.contact.maps import gaussian_field

TARGET = Path(__file__).resolve().parents[1] / "src" / "anodescope" / "cell" / "constriction.npz"

CONTACT = np.array([
    0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99,
])  # fmt: skip
RATIO = np.array([0.003, 0.01, 0.03, 0.1, 0.3, 1.0])
BRIDGED = np.logspace(-3, 3, 13)
SEEDS = (1, 2, 3, 4, 5, 6)
PIXELS, WIDTH = 128, 16.0  # of the map; its side over ℓ


def beyond(contact: np.ndarray, split: int, ratio: float) -> np.ndarray:
    """Impedance beyond the slab for ℓ = κ = 1: direct current first, then `BRIDGED`."""
    fine = np.kron(contact, np.ones((split, split), bool))
    face = {"pixel": WIDTH / PIXELS / split, "thickness": 1.0 / ratio, "conductivity": 1.0}
    gap = 1.0 / (2.0 * np.pi)
    blocked = constriction(fine, fields=False, **face)
    bridged = constriction(fine, gap_capacitance=gap, frequency=BRIDGED, fields=False, **face)
    answers = [
        complex(blocked.impedance.item() - blocked.slab.item()),
        *(bridged.impedance.values - bridged.slab.values),
    ]
    return np.array(answers)


def main() -> None:
    """Fill the table and write it with what it was made of."""
    table = np.zeros((CONTACT.size, RATIO.size, 1 + BRIDGED.size), np.complex128)
    spread = np.zeros((CONTACT.size, RATIO.size))
    began = time.monotonic()
    for i, fraction in enumerate(CONTACT):
        for k, ratio in enumerate(RATIO):
            found = []
            for seed in SEEDS:
                contact = gaussian_field(
                    (PIXELS, PIXELS), fraction=fraction, correlation=1.0, pixel=WIDTH / PIXELS,
                    seed=seed,
                )  # fmt: skip
                coarse, fine = (beyond(contact, split, ratio) for split in (1, 2))
                found.append(2.0 * fine - coarse)
            table[i, k] = np.mean(found, axis=0)
            spread[i, k] = np.std([one[0].real for one in found]) / abs(table[i, k, 0].real)
        print(f"{fraction:5.2f}  {time.monotonic() - began:6.1f} s  f = {table[i, :, 0].real}")
        sys.stdout.flush()
    np.savez_compressed(
        TARGET, contact=CONTACT, ratio=RATIO, bridged=BRIDGED, table=table, spread=spread,
        recipe=np.array(f"tools/constriction_table.py, seeds {SEEDS}, {PIXELS} pixels, {WIDTH} ℓ"),
    )  # fmt: skip
    print(f"largest difference of maps: {spread.max():.3f}; {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
