"""The locks: exact, hashed, complete for every Python that is promised, without any address."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.hosts import ROOT

from . import locks

LOCK = ROOT / "requirements" / "lock.txt"
BENCH = ROOT / "requirements" / "bench-lock.txt"
PYTHONS = ("3.11", "3.12", "3.13")
GPL = {"galvani", "yadg", "pyimpspec", "cvxopt", "pyqt5", "spam", "astra-toolbox", "pyqt6"}
HASH = "--hash=sha256:" + "0" * 64


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def declared() -> list[Requirement]:
    """Everything that pyproject.toml asks for: to build, to run, extras, groups."""
    settings = project()
    lists = [
        settings["build-system"]["requires"],
        settings["project"]["dependencies"],
        *settings["project"]["optional-dependencies"].values(),
        *settings["dependency-groups"].values(),
    ]
    return [Requirement(line) for lines in lists for line in lines]


def chosen(pins: list[locks.Pin], python: str) -> dict[str, str]:
    """The versions that the lock gives to one Python on Linux."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.4",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
    }
    taken = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(environment)]
    assert len({pin.name for pin in taken}) == len(taken), "two versions of one package"
    return {pin.name: pin.version for pin in taken}


def unmet(wanted: list[Requirement], pinned: dict[str, str]) -> list[str]:
    return [
        str(requirement)
        for requirement in wanted
        if not requirement.specifier.contains(
            pinned.get(canonicalize_name(requirement.name), "0"), prereleases=True
        )
    ]


@pytest.mark.parametrize("path", [LOCK, BENCH], ids=lambda path: path.name)
def test_every_package_is_pinned_exactly_and_hashed(path: Any) -> None:
    pins = locks.read(path)
    assert len(pins) > 20
    assert [pin.name for pin in pins if pin.hashes == 0] == []


@pytest.mark.parametrize("path", [LOCK, BENCH], ids=lambda path: path.name)
def test_there_is_no_address_in_a_lock(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    assert ":" + "//" not in text
    assert "index" not in text.replace("--hash", "")


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_meets_every_requirement_for_every_python(python: str) -> None:
    assert unmet(declared(), chosen(locks.read(LOCK), python)) == []


def test_the_build_backend_is_locked_too() -> None:
    assert {"hatchling", "editables"} <= set(chosen(locks.read(LOCK), "3.11"))


def test_every_promised_python_is_looked_at() -> None:
    rows = [row.rsplit(" ", 1)[-1] for row in project()["project"]["classifiers"]]
    assert tuple(row for row in rows if row.startswith("3.")) == PYTHONS


def test_gpl_peers_are_only_in_the_lock_of_the_bench() -> None:
    assert GPL & {pin.name for pin in locks.read(LOCK)} == set()
    assert {"galvani", "yadg", "cvxopt"} <= {pin.name for pin in locks.read(BENCH)}


# what the tests above rest on


def test_an_unmet_requirement_is_found() -> None:
    wanted = [Requirement("numpy>=2"), Requirement("absent>=1"), Requirement("Old_Name>=3")]
    assert unmet(wanted, {"numpy": "2.1", "old-name": "2.9"}) == ["absent>=1", "Old_Name>=3"]


def test_a_pin_is_read_with_its_marker_and_hashes() -> None:
    text = f"a==1.0 ; python_version < '3.12' \\\n    {HASH} \\\n    {HASH}\n    # via b\n"
    (pin,) = locks.pins(text)
    assert (pin.name, pin.version, pin.hashes) == ("a", "1.0", 2)
    assert pin.line() == 'a==1.0 ; python_version < "3.12"'


@pytest.mark.parametrize("text", ["a>=1.0", "a==1.0 --hash=md5:00", f"a==1.0,<2 {HASH}", "a"])
def test_what_is_not_an_exact_pin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"exact|unpack"):
        locks.pins(text)


def test_a_pin_without_a_hash_is_seen() -> None:
    assert [pin.hashes for pin in locks.pins("a==1.0\n")] == [0]
