"""The paper's experiments, each simulated, analysed and stored in a folder of its own.

One `Task` is one experiment. Tasks do not know of each other, so processes may share them out; the
bits do not depend on how many there are. A folder is written beside and renamed into place, its
stamp with it: what is there is whole, and is taken over where nothing that it depends on changed.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, final

import numpy as np

from anodescope.campaign import Campaign
from anodescope.campaign.specimen import parse_specimen
from anodescope.campaign.swap import replaced
from anodescope.cell.cell import Cell
from anodescope.cell.reservoir import Alloy, Sodium
from anodescope.cell.simulate import simulate
from anodescope.errors import AnodescopeError, StoreError
from anodescope.formats import read
from anodescope.formats.export import export
from anodescope.inference.experiments import Experiment, experiments
from anodescope.inference.parameters import with_values
from anodescope.workflow.analyse import analyse
from anodescope.workflow.output import write_json
from anodescope.workflow.stamps import checksum, code_checksum

CAMPAIGN, CELL, PROTOCOL, RAW, TOLD = (
    "campaign.zarr", "cell.toml", "protocol.toml", "raw", "experiment.json",
)  # fmt: skip
# Long trains of pulses take longest, so they begin first and nothing waits for them at the end.
LONGEST = (
    "pulse_10", "pulse_5", "pulse_2", "pulse_1", "transient", "plate50", "strip50", "ccd50",
    "insitu_plate_0.4", "potassium",
)  # fmt: skip
# Files tell the time by the date of their start; a simulation has none, so it is made up.
DAY = "2000-01-01T00:00:00+00:00"
# Rooms that a simulated and analysed campaign does not depend on.
APART = ("bench", "cli", "inference", "report")


@final
@dataclass(frozen=True, slots=True)
class Choice:
    """What a reproduction is computed with.

    Attributes
    ----------
    method : of the DRT. noise : seed of the instrument's noise; None: a silent instrument.
    through_files : write each campaign as EC-Lab text and read it again before it is analysed.
    """

    method: str = "drttools"
    noise: int | None = None
    through_files: bool = False


@final
@dataclass(frozen=True, slots=True)
class Task:
    """One experiment, and the folder that takes it.

    Attributes
    ----------
    experiment, cell, choice, folder : what is done, with what, how, and where to.
    code : checksum of the package's code; that of the process that shares the tasks out.
    """

    experiment: Experiment
    cell: Cell
    choice: Choice
    folder: Path
    code: str = field(default_factory=partial(code_checksum, APART))


@final
@dataclass(frozen=True, slots=True)
class Done:
    """What came of one experiment.

    Attributes
    ----------
    key : of the experiment. failed : why there is nothing; "" where there is.
    kept : whether the folder was up to date.
    simulated, analysed, stored : how long each took, s.
    """

    key: str
    failed: str = ""
    kept: bool = False
    simulated: float = 0.0
    analysed: float = 0.0
    stored: float = 0.0


def tasks(
    folder: Path,
    choice: Choice,
    *,
    keys: frozenset[str] | None = None,
    cell: Cell | None = None,
    values: Mapping[str, float] | None = None,
    more: Mapping[str, Experiment] | None = None,
) -> list[Task]:
    """Return one task per experiment, the longest first.

    Parameters
    ----------
    folder : that gets a folder per experiment. choice : see `Choice`.
    keys : of the experiments to do; None: all.
    cell, values : see `cell_for`.
    more : experiments beside the paper's own, by key.
    """
    every = {**experiments(), **(more or {})}
    rank = {key: place for place, key in enumerate(LONGEST)}
    ordered = sorted(every, key=lambda key: rank.get(key, len(rank)))
    return [
        Task(every[key], cell_for(every[key].cell, cell, values), choice, folder / key)
        for key in ordered
        if keys is None or key in keys
    ]


def cell_for(
    preset: str, cell: Cell | None = None, values: Mapping[str, float] | None = None
) -> Cell:
    """Return the cell of an experiment.

    Parameters
    ----------
    preset : name of the paper's cell.
    cell : its laws and numbers take the place of the preset's, as far as the preset has that part:
        the reservoir stays, solid Na and K stay without layer and loss, and solid Na keeps what
        is known of its interface.
    values : numbers by path, put in last.
    """
    own = Cell.preset(preset)
    if cell is not None:
        kept: dict[str, Any] = {"reservoir": own.reservoir}
        if not isinstance(own.reservoir, Alloy):
            kept |= {"layer": None, "loss": None, "patches": 1}
        if isinstance(own.reservoir, Sodium):
            kept |= {"kinetics": own.kinetics, "deposit": own.deposit}
        own = cell.replace(**kept)
    return with_values(own, values or {})


def seed_of(noise: int, key: str) -> int:
    """Return the seed of one experiment's noise: the same whatever else is run."""
    return zlib.crc32(f"{noise}:{key}".encode())


def stamp_of(task: Task) -> str:
    """Return what an experiment depends on as a checksum."""
    one, choice = task.experiment, task.choice
    meter = asdict(one.instrument(noise=choice.noise is not None))
    told = [one.key, one.protocol.to_toml(), meter, task.cell.to_dict()]
    asked = [choice.method, choice.noise, choice.through_files]
    return checksum([task.code, told, asked])


def up_to_date(task: Task) -> bool:
    """Whether the folder holds this very experiment."""
    try:
        told = json.loads((task.folder / TOLD).read_text(encoding="utf-8"))
        same = told["stamp"] == stamp_of(task)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(same) and (task.folder / CAMPAIGN).is_dir()


def carry_out(task: Task) -> Done:
    """Simulate, analyse and store one experiment; what cannot be done is told, not raised.

    Raises
    ------
    StoreError
        when the folder cannot be written.
    """
    from threadpoolctl import threadpool_limits

    if up_to_date(task):
        return Done(task.experiment.key, kept=True)
    # One thread for linear algebra: the experiments are what runs side by side.
    with threadpool_limits(limits=1, user_api="blas"):
        try:
            task.folder.parent.mkdir(parents=True, exist_ok=True)
            with replaced(task.folder.resolve()) as partial:
                return _fill(task, partial)
        except AnodescopeError as error:
            return Done(task.experiment.key, failed=" ".join(str(error).split()))
        except OSError as error:
            raise StoreError(
                f"{task.folder}: cannot be written ({error.strerror or error})."
            ) from error


def _fill(task: Task, folder: Path) -> Done:
    """Put an experiment into a folder that does not exist yet."""
    one, choice = task.experiment, task.choice
    noisy = choice.noise is not None
    seed = seed_of(choice.noise, one.key) if choice.noise is not None else 0
    clock = [time.perf_counter()]
    campaign = simulate(task.cell, one.protocol, instrument=one.instrument(noise=noisy), seed=seed)
    clock.append(time.perf_counter())
    folder.mkdir()
    if choice.through_files:
        campaign = through_files(campaign, folder / RAW)
    campaign = analyse(campaign, method=choice.method)
    clock.append(time.perf_counter())
    task.cell.to_toml(folder / CELL)
    (folder / PROTOCOL).write_text(one.protocol.to_toml(), encoding="utf-8")
    campaign.save(folder / CAMPAIGN)
    clock.append(time.perf_counter())
    told = {
        "stamp": stamp_of(task),
        "experiment": one.key,
        "figure": one.figure,
        "says": one.says,
        "assumed": list(one.assumed),
        "cell": one.cell,
    }
    write_json(folder / TOLD, told)
    took = [after - before for before, after in pairwise(clock)]
    return Done(one.key, simulated=took[0], analysed=took[1], stored=took[2])


def through_files(campaign: Campaign, folder: Path) -> Campaign:
    """Write a campaign as EC-Lab text files into a new folder, and read these.

    As in EC-Lab, techniques that hold the current and those at open circuit get files of their own.
    No instrument records what is inside a cell. So the node `state` does not go through the files;
    it is put beside what they gave, for the statements of the paper that stem from tomograms.
    """
    folder.mkdir()
    files = export(_by_technique(campaign), folder, "mpt")
    specimen = parse_specimen(campaign.attrs["specimen"], "specimen")
    made = read(*files, specimen=specimen)
    return made.with_node("state", campaign["state"]) if "state" in campaign else made


def _by_technique(campaign: Campaign) -> Campaign:
    """Return what was measured, each row with the number of the file that takes it."""
    techniques = [str(name) for name in campaign["steps"]["technique"].values]
    file: list[int] = []
    names: list[set[str]] = []
    held: bool | None = None  # whether the file that is open holds the current; rests go on in it
    for name in techniques:
        holds = held if name == "OCV" else name != "PEIS"
        if not names or (held is not None and holds != held):
            names.append(set())
        held = holds
        names[-1].add(name)
        file.append(len(names) - 1)
    nodes = {}
    for name in ("timeseries", "spectra", "steps"):
        if name in campaign:
            node = campaign[name]
            dim = node["step"].dims[0]
            nodes[name] = node.assign(source=(dim, np.asarray(file)[node["step"].values]))
    told = [
        {"technique": next((one for one in ("GEIS", "PEIS") if one in found), "CP")}
        for found in names
    ]
    return Campaign(nodes, {**campaign.attrs, "provenance": told, "origin": DAY})
