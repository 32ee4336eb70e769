"""How well short circuits are found, measured.

    python -m tests.events.statistics_short --cases 200

First table, short circuits in the voltage: `tests.events.cells` (free) and the paper's CCD
(`tests.generator`), by what is true. A case is *clear* when the voltage before the short circuit is
at least ten times the noise of one sample and every phase with a current has 20 samples; the others
are shown as well. *covered*: the interval from the last good to the first shorted sample meets the
instants during which the voltage falls (0, 1 or 15 s). Then the same of the impedance, in the
paper's CCD with sweeps all the time, and the critical current, with `tests.generator`; half of
these have their true protocol, half of them the recognised one. Then a CCD of cells with a voltage
at rest of 3 mV to 0.7 V of either sign, which a short circuit takes with it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from anodescope.errors import Outcome
from anodescope.events.ccd import find_critical_current
from anodescope.events.finding import Finding, Record
from anodescope.events.short.find import find_shorts
from anodescope.protocol import recognise
from tests.events import cells
from tests.generator import Made, paper, perturb

SAID = ("hard", "soft", "reversible", "none")
CLEAR, FEW = 10.0, 20


@dataclass
class Row:
    """One row of a table: what is true, what was said, and the error of the time."""

    truth: str
    said: Counter[str] = field(default_factory=Counter)
    more: int = 0  # short circuits found beside the first
    covered: int = 0
    found: int = 0
    error: list[float] = field(default_factory=list)

    @property
    def cases(self) -> int:
        return sum(self.said.values())

    @property
    def alarms(self) -> float:
        """Share of cases in which some short circuit was found."""
        return 1 - self.said["none"] / max(self.cases, 1)

    @property
    def right(self) -> float:
        """Share of cases called by their name."""
        name = self.truth.split(",")[0]
        name = name if name in SAID else "none"
        return self.said[name] / max(self.cases, 1)

    def add(self, shorts: list[Finding], when: float, spacing: float, fall: float = 0.0) -> None:
        kind = shorts[0].quantity.removesuffix("_short") if shorts else "none"
        self.said[kind] += 1
        self.more += max(len(shorts) - 1, 0)
        if shorts and np.isfinite(when):
            self.found += 1
            late, early = when + fall + 1e-9, when - 1e-9
            self.covered += shorts[0].low <= late and early <= shorts[0].high
            self.error.append((shorts[0].value - when - fall / 2) / spacing)

    def line(self) -> str:
        said = " | ".join(str(self.said[name]) for name in SAID)
        error = np.array(self.error) if self.error else np.array([np.nan])
        times = (
            f"{np.median(error):+.2f} | {np.quantile(np.abs(error), 0.9):.2f} "
            f"| {self.covered / self.found:.0%}"
            if self.found
            else "– | – | –"
        )
        return (
            f"| {self.truth} | {self.cases} | {said} | {self.right:.1%} | {self.more} | {times} |"
        )


HEAD = (
    "| truth | cases | hard | soft | reversible | none | right | more than one "
    "| time: bias (samples) | 90 % within | covered |\n|" + "---|" * 11
)


def of(findings: list[Finding], basis: str) -> list[Finding]:
    """Return the short circuits on one basis, in time order."""
    some = [one for one in findings if one.quantity.endswith("_short") and one.basis == basis]
    return sorted(some, key=lambda one: one.time)


def free(cases: int, seed: int = 1) -> dict[str, Row]:
    """Measure on cells of `tests.events.cells`, clear and unclear ones apart."""
    rows: dict[str, Row] = {}
    random = np.random.default_rng(seed)
    for kind in cells.KINDS:
        clear = rows.setdefault(kind, Row(kind))
        dim = rows.setdefault(kind + ", not clear", Row(kind + ", not clear"))
        while clear.cases < cases:
            cell = cells.make(kind, random)
            plain = cell.signal >= CLEAR and cell.samples >= FEW
            row = clear if plain or not np.isfinite(cell.when) else dim
            found = find_shorts(Record.of(cell.campaign, cell.protocol))
            row.add(of(found, "voltage"), cell.when, cell.spacing, cell.fall)
    return {name: row for name, row in rows.items() if row.cases}


def campaign(kind: str | None, random: np.random.Generator) -> tuple[Made, float]:
    """Make one CCD of the paper with random numbers, and its distance of samples."""
    interval = float(10 ** random.uniform(0, 1.3))
    count = int(random.integers(2, 6))
    start = random.choice([0.05, 0.1, 0.2])
    currents = tuple(np.round(start * 2.0 ** np.arange(count), 6))
    half_cycle = float(random.choice([600.0, 1200.0, 1800.0]))
    made = paper.ccd(
        currents,
        half_cycle=half_cycle,
        geis=bool(random.random() < 0.15),
        short=kind,
        short_level=int(random.integers(0, 2 * count)),
        short_share=float(random.uniform(0.15, 0.8)),
        # It is over before its half-cycle is: after the last one nobody would see it.
        short_length=min(float(random.uniform(6, 40)) * interval, 0.15 * half_cycle),
        growth=float(random.uniform(0, 2)),
        rising_from=float(random.choice([0.1, 0.2, 0.4, 1e9])),
        interval=interval,
        goes_on=bool(random.random() < 0.5),
        noise=1e-3,
        voltage_noise=float(10 ** random.uniform(-4, -3)),
        seed=int(random.integers(2**31)),
    )
    if random.random() < 0.3:
        made = perturb.glitch_ranges(made, 10, seed=int(random.integers(2**31)))
    if random.random() < 0.3:
        made = perturb.drop_rows(made, 0.1, seed=int(random.integers(2**31)))
    return made, interval


def papers(cases: int, seed: int = 2) -> tuple[dict[str, Row], dict[str, Row], list[str], float]:
    """Measure on the paper's CCD: voltage, impedance, and lines of the critical current."""
    random = np.random.default_rng(seed)
    voltage: dict[str, Row] = {}
    impedance: dict[str, Row] = {}
    lines, contained = [], []
    for kind in ("hard", "soft", "reversible", None):
        name = kind or "none"
        voltage[name], impedance[name] = Row(name), Row(name)
        right, total, outcome = 0, 0, Counter[str]()
        while total < cases:
            made, interval = campaign(kind, random)
            protocol = made.protocol
            if random.random() < 0.5:
                nodes = {name: made.campaign[name] for name in made.campaign.nodes}
                protocol = recognise(nodes["timeseries"], nodes.get("spectra")).to_dataset()
            record = Record.of(made.campaign, protocol)
            found = find_shorts(record)
            when = made.truth["short_time"]
            voltage[name].add(of(found, "voltage"), when, interval)
            if "spectra" in made.campaign:
                impedance[name].add(of(found, "impedance"), when, paper.POINTS)
            critical = find_critical_current(record, shorts=found)[0]
            low, high = made.truth["ccd_low"], made.truth["ccd_high"]
            same = np.isclose(critical.low, low, rtol=1e-3, atol=1e-12)
            right += bool(same and np.isclose(critical.high, high, rtol=1e-3))
            outcome[critical.outcome.name] += 1
            total += 1
        contained.append(right / total)
        names = ", ".join(f"{n} {key}" for key, n in sorted(outcome.items()))
        lines.append(f"| {name} | {total} | {right / total:.1%} | {names} |")
    return voltage, impedance, lines, min(contained)


def with_rest(
    kind: str | None, random: np.random.Generator
) -> tuple[Record, float, float, float, float]:
    """A CCD with a voltage at rest E of 3 mV to 0.7 V: record, instant, distance of samples, true
    critical current's bounds (A).

    A short circuit takes E with it: it leaves a share of all of V.
    """
    interval = float(10 ** random.uniform(0, 1.3))
    count = int(random.integers(3, 6))
    half_cycle = float(random.choice([600.0, 1200.0, 1800.0]))
    made = paper.ccd(
        tuple(np.round(random.choice([0.05, 0.1, 0.2]) * 2.0 ** np.arange(count), 6)),
        half_cycle=half_cycle, geis=False, short=None, growth=float(random.uniform(0, 2)),
        rising_from=float(random.choice([0.1, 0.4, 1e9])), interval=interval, noise=1e-3,
        voltage_noise=float(10 ** random.uniform(-4.5, -3)), seed=int(random.integers(2**31)),
    )  # fmt: skip
    series = made.campaign["timeseries"].copy(deep=True)
    clock, volts = series["time"].values, series["voltage"].values
    rest = float(10 ** random.uniform(np.log10(0.003), np.log10(0.7)) * random.choice([-1, 1]))
    volts += rest
    level = int(random.integers(2 * count))
    when = (level + float(random.uniform(0.15, 0.8))) * half_cycle
    share = {"hard": (0.0, 0.1), "soft": (0.3, 0.55), "reversible": (0.02, 0.55)}
    if kind is not None:
        lasts = np.inf
        if kind == "reversible":
            lasts = min(float(random.uniform(6, 40)) * interval, 0.15 * half_cycle)
        volts[(clock > when) & (clock <= when + lasts)] *= random.uniform(*share[kind])
    campaign = made.campaign.with_node("timeseries", series)
    size = np.abs(made.protocol["current"].values)
    size = size[np.flatnonzero(size > 0)]
    each = np.repeat(np.unique(size), 2)
    low = float(each[:level][each[:level] < each[level] * 0.99].max(initial=0.0))
    record = Record.of(campaign, made.protocol)
    return (record, when, interval, low, float(each[level])) if kind else (
        record, np.inf, interval, float(each[-1]), np.inf)  # fmt: skip


def resting(cases: int, seed: int = 4) -> tuple[dict[str, Row], list[str]]:
    """Measure on CCDs with a voltage at rest: short circuits, and lines of the critical current."""
    random = np.random.default_rng(seed)
    rows: dict[str, Row] = {}
    lines = []
    for kind in ("hard", "soft", "reversible", None):
        name = kind or "none"
        rows[name], right, outcome = Row(name), 0, Counter[str]()
        for _ in range(cases):
            record, when, interval, low, high = with_rest(kind, random)
            found = find_shorts(record)
            rows[name].add(of(found, "voltage"), when, interval)
            critical = find_critical_current(record, shorts=found)[0]
            right += bool(
                np.isclose(critical.low, low, rtol=1e-3, atol=1e-12)
                and np.isclose(critical.high, high, rtol=1e-3)
            )
            outcome[critical.outcome.name] += 1
        names = ", ".join(f"{n} {key}" for key, n in sorted(outcome.items()))
        lines.append(f"| {name} | {cases} | {right / cases:.1%} | {names} |")
    return rows, lines


CHANGES = ("wire", "path", "interface", "area", "none")
FOUND = ("hard", "soft", "soft, in doubt", "nothing")


def swept(cases: int, seed: int = 3) -> dict[str, Counter[str]]:
    """Measure on series of eight sweeps in which something changes, by what changes."""
    random = np.random.default_rng(seed)
    table = {}
    for change in CHANGES:
        said: Counter[str] = Counter()
        for _ in range(cases):
            found = of(find_shorts(Record.of(cells.sweeps(change, random))), "impedance")
            if not found:
                said["nothing"] += 1
            elif found[0].outcome is Outcome.determined:
                said["hard" if found[0].quantity == "hard_short" else "soft"] += 1
            else:
                said["soft, in doubt"] += 1
        table[change] = said
    return table


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.perf_counter()
    rows = free(given.cases, given.seed)
    text = ["### Short circuits in the voltage: free cells", "", HEAD]
    text += [row.line() for row in rows.values()]
    voltage, impedance, lines, _ = papers(given.cases, given.seed + 1)
    text += ["", "### Short circuits in the voltage: the paper's CCD", "", HEAD]
    text += [row.line() for row in voltage.values()]
    text += [
        "",
        "### Short circuits in the impedance: the paper's CCD (samples are sweeps)",
        "",
        HEAD,
    ]
    text += [row.line() for row in impedance.values()]
    text += [
        "",
        "### Short circuits in the impedance: what changes between two of eight sweeps",
        "",
    ]
    text += ["| change | " + " | ".join(FOUND) + " |", "|" + "---|" * (len(FOUND) + 1)]
    for change, said in swept(given.cases, given.seed + 2).items():
        text.append(f"| {change} | " + " | ".join(str(said[name]) for name in FOUND) + " |")
    text += ["", "### Critical current: the paper's CCD", ""]
    text += ["| short circuit | cases | interval is the true one | outcomes |", "|---|---|---|---|"]
    text += lines
    rows, lines = resting(given.cases, given.seed + 3)
    text += ["", "### Short circuits in the voltage: CCD with a voltage at rest", "", HEAD]
    text += [row.line() for row in rows.values()]
    text += ["", "### Critical current: CCD with a voltage at rest", ""]
    text += ["| short circuit | cases | interval is the true one | outcomes |", "|---|---|---|---|"]
    text += [*lines, "", f"{time.perf_counter() - began:.1f} s"]
    sys.stdout.write("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
