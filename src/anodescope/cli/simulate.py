"""The verb simulate: a cell and a protocol by name or file, a folder with a campaign."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from anodescope.campaign import Campaign
from anodescope.campaign.hints import did_you_mean
from anodescope.campaign.settings import read_toml
from anodescope.campaign.swap import replaced
from anodescope.cell.cell import Cell
from anodescope.cell.instrument import Instrument
from anodescope.cell.simulate import simulate
from anodescope.cli import screen
from anodescope.errors import SettingsError, StoreError
from anodescope.formats import export
from anodescope.protocol import Protocol, protocols
from anodescope.workflow.scale import local_run

CAMPAIGN, CELL, PROTOCOL, RAW = "campaign.zarr", "cell.toml", "protocol.toml", "raw"
ITEMS = frozenset({CAMPAIGN, CELL, PROTOCOL, RAW})


def run_simulate(
    cell: str,
    protocol: str,
    out: Path,
    *,
    options: Sequence[str],
    seed: int,
    noise: bool,
    instantaneous: bool,
    mpt: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Simulate, write the folder `out` whole or not at all, and say what happened.

    Raises
    ------
    SettingsError
        for a cell, protocol or option that cannot be.
    StoreError
        when something is in the way in `out`.
    Cancelled
        at Ctrl-C; nothing is written then.
    """
    specimen, plan = cell_of(cell), protocol_of(protocol, options)
    check_place(out, overwrite=overwrite)
    with screen.progress_bar() as progress, local_run(1, progress) as run:
        campaign = simulate(
            specimen,
            plan,
            instrument=Instrument() if noise else None,
            seed=seed,
            instantaneous=instantaneous,
            run=run,
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with replaced(out.resolve()) as partial:
            _fill(partial, specimen, plan, campaign, mpt=mpt)
    except OSError as error:
        raise StoreError(f"{out}: cannot be written ({error.strerror or error}).") from error
    if as_json:
        screen.show_json({**summary(campaign), "out": str(out)})
        return
    for line in outline(campaign):
        print(line)
    print(f"campaign: {out / CAMPAIGN}")


def cell_of(text: str) -> Cell:
    """Return the cell of a TOML file (a name that ends so) or of a preset."""
    return Cell.from_toml(Path(text)) if text.lower().endswith(".toml") else Cell.preset(text)


def protocol_of(text: str, options: Sequence[str]) -> Protocol:
    """Return the protocol of a TOML file, or of the library with options ``NAME=VALUE``.

    Raises
    ------
    SettingsError
        for an unknown protocol or option, a value that is no TOML, or options beside a file.
    """
    if text.lower().endswith(".toml"):
        if options:
            raise SettingsError(f"--set: {text} says every value itself; change it there.")
        path = Path(text)
        read_toml(path)  # what is wrong with a file is said with its name
        try:
            return Protocol.from_toml(path.read_text(encoding="utf-8-sig"))
        except SettingsError as error:
            raise SettingsError(f"{text}: {error}") from error
    known = library()
    if text not in known:
        raise SettingsError(
            f"PROTOCOL: expected a TOML file or a name of the library, found {text!r}."
            f"{did_you_mean(text, known)}"
        )
    maker = known[text]
    signature = inspect.signature(maker)
    values = dict(_option(text, option, signature) for option in options)
    for name, parameter in signature.parameters.items():
        if parameter.default is parameter.empty and name not in values:
            raise SettingsError(f"PROTOCOL {text}: expected --set {name}=VALUE, found none.")
    try:
        return maker(**values)
    except TypeError as error:
        # What the library's checks let through, such as a number where a list is meant.
        raise SettingsError(f"PROTOCOL {text}: {error}.") from error


def library() -> dict[str, Callable[..., Protocol]]:
    """Return the paper's protocols by name."""
    found = inspect.getmembers(protocols, inspect.isfunction)
    return {
        name: maker
        for name, maker in found
        if maker.__module__ == protocols.__name__ and not name.startswith("_")
    }


def _option(protocol: str, text: str, signature: inspect.Signature) -> tuple[str, Any]:
    """Return name and value of ``NAME=VALUE``; the value is written as in TOML."""
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals or not name:
        raise SettingsError(f"--set: expected NAME=VALUE, found {text!r}.")
    if name not in signature.parameters:
        raise SettingsError(
            f"--set: {protocol} has no option {name!r}.{did_you_mean(name, signature.parameters)}"
        )
    try:
        tables = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"--set {name}: expected a value as in TOML (0.05, true, [0.1, 0.2]), found {value!r}."
        ) from error
    if set(tables) != {"value"}:
        raise SettingsError(f"--set {name}: expected one value, found {value!r}.")
    return name, tables["value"]


def check_place(out: Path, *, overwrite: bool) -> None:
    """Make sure, before anything is computed, that the folder may be written.

    Raises
    ------
    StoreError
        naming what is in the way.
    """
    if out.exists() and not out.is_dir():
        raise StoreError(f"{out}: expected a folder or nothing, found a file.")
    there = sorted(item.name for item in out.iterdir()) if out.exists() else []
    foreign = [name for name in there if name not in ITEMS]
    if foreign:
        raise StoreError(f"{out}: holds {foreign[0]!r}, which no simulation wrote; name another.")
    if there and not overwrite:
        raise StoreError(f"{out}: holds a simulation already; add --overwrite to replace it.")


def _fill(folder: Path, cell: Cell, plan: Protocol, campaign: Campaign, *, mpt: bool) -> None:
    folder.mkdir()
    cell.to_toml(folder / CELL)
    (folder / PROTOCOL).write_text(plan.to_toml(), encoding="utf-8")
    campaign.save(folder / CAMPAIGN)
    if mpt:
        (folder / RAW).mkdir()
        export(campaign, folder / RAW, "mpt")


def summary(campaign: Campaign) -> dict[str, Any]:
    """Return what happened, as plain values."""
    series, steps = campaign["timeseries"], campaign["steps"]
    state = campaign["state"]
    happened: list[dict[str, Any]] = []
    if "events" in campaign:
        found = campaign["events"]
        columns = (found[name].values for name in ("time", "kind", "message"))
        happened = [
            {"time_s": float(time), "kind": str(kind), "message": str(message)}
            for time, kind, message in zip(*columns, strict=True)
        ]
    volt = series["voltage"].values
    return {
        "title": campaign.attrs["title"],
        "duration_s": float(series["time"].values[-1]),
        "samples": int(series.sizes["time"]),
        "steps": int(next(iter(steps.sizes.values()))),
        "spectra": int(campaign["spectra"].sizes["spectrum"]) if "spectra" in campaign else 0,
        "highest_voltage_v": float(volt.max()),
        "lowest_voltage_v": float(volt.min()),
        "stripped_mah_per_cm2": float(state["stripped"].values[-1]),
        "events": happened,
        "warnings": list(campaign.attrs["warnings"]),
    }


def outline(campaign: Campaign) -> list[str]:
    """Return what happened as sentences for the terminal."""
    told = summary(campaign)
    return [
        f"{told['title']}: {told['steps']} steps, {told['spectra']} spectra, "
        f"{told['samples']} samples in {told['duration_s']:.6g} s.",
        f"Voltage {told['lowest_voltage_v']:.4f} to {told['highest_voltage_v']:.4f} V; "
        f"{told['stripped_mah_per_cm2']:.4f} mAh/cm² stripped, net.",
        *(f"{one['time_s']:.3f} s: {one['message']}" for one in told["events"]),
        *told["warnings"],
    ]
