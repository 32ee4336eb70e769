"""Make a small demonstration campaign: the instrument files of one simulated-by-formula cell.

The impedance is R0 + three depressed arcs, one of which grows and speeds up as the current rises;
it is written as EC-Lab text exports (a galvanostatic hold, then looped GEIS), so that
``anodescope analyse`` meets it as it meets measured files. Nothing here is physics: the virtual
cell will take this example's place.

    python examples/demo_campaign.py OUT
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from anodescope.formats import Recording, biologic, mpt

START = datetime(2025, 5, 16, 9, 30)
AREA = 0.385  # cm², O-ring of 7 mm inner diameter
FREQUENCY = np.logspace(np.log10(7e6), np.log10(0.05), 65)
CURRENTS = np.arange(0.05, 1.0001, 0.05) * AREA  # mA
HOLD = 5.0  # s
SWEEP = 35.0  # s
NOISE = 0.002


def zarc(frequency, resistance, tau, exponent):
    """Impedance of a resistance in parallel with a constant-phase element (Ω)."""
    return resistance / (1.0 + (2j * np.pi * frequency * tau) ** exponent)


def impedance(share, random):
    """Impedance (Ω) at a share 0…1 of the staircase, with relative noise."""
    z = 180.0 + zarc(FREQUENCY, 420.0, 1e-6, 0.95)
    z = z + zarc(FREQUENCY, 160.0 + 700.0 * share**3, 10 ** (-1.0 - 1.1 * share**2), 0.85)
    z = z + zarc(FREQUENCY, 250.0 / (1.0 + np.exp(-(share - 0.65) / 0.06)), 4e-4, 0.9)
    noise = random.standard_normal((2, FREQUENCY.size))
    return z * (1.0 + NOISE * (noise[0] + 1j * noise[1]))


def recording(path, technique, columns, began):
    """Bundle columns (EC-Lab label: values) as a file of the run."""
    return Recording(
        path=path,
        reader="demo",
        technique=technique,
        columns=tuple(biologic.column_for(label) for label in columns),
        data=columns,
        start=START,
        technique_start=START + timedelta(seconds=began),
        settings={"Comments": "demonstration, made by a formula: not measured"},
    )


def main(folder: Path) -> None:
    """Write the files of the campaign into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(20250516)
    rest = np.arange(0.0, 60.0, 1.0)
    stem = "demo_NaK50_staircase"
    ocv = {
        "mode": np.full(rest.size, 3),
        "error": np.zeros(rest.size, int),
        "time/s": rest,
        "Ewe/V": 2e-3 + 1e-5 * random.standard_normal(rest.size),
    }
    path = folder / f"{stem}_01_OCV_C01.mpt"
    mpt.write(path, recording(path, "OCV", ocv, 0.0))

    rows = {label: [] for label in (
        "freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm", "time/s", "<Ewe>/V", "<I>/mA", "cycle number",
    )}  # fmt: skip
    share_of_time = np.cumsum(1.0 / FREQUENCY + 0.2)
    for number, current in enumerate(CURRENTS, start=1):
        began = 60.0 + (number - 1) * (HOLD + SWEEP) + HOLD
        z = impedance((number - 1) / (len(CURRENTS) - 1), random)
        rows["freq/Hz"].append(FREQUENCY)
        rows["Re(Z)/Ohm"].append(z.real)
        rows["-Im(Z)/Ohm"].append(-z.imag)
        rows["time/s"].append(began + SWEEP * share_of_time / share_of_time[-1])
        rows["<Ewe>/V"].append(np.full(FREQUENCY.size, 2e-3 + 1e-3 * current * z.real[-1]))
        rows["<I>/mA"].append(np.full(FREQUENCY.size, current))
        rows["cycle number"].append(np.full(FREQUENCY.size, float(number)))
    geis = {label: np.concatenate(values) for label, values in rows.items()}
    path = folder / f"{stem}_02_GEIS_C01.mpt"
    mpt.write(path, recording(path, "GEIS", geis, 60.0))

    (folder / "specimen.toml").write_text(
        'title = "NaK50 | NASICON | Na, made by a formula"\n'
        'cell_id = "demo"\n'
        'composition = "NaK50"\n'
        'working_electrode = "alloy"\n'
        f"[area_cm2]\nalloy = {AREA}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/demo/raw"))
