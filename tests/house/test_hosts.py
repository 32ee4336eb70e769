"""No registry host in any tracked file, no address in any text: see tools/hosts.py."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import hosts

SEP = ":" + "//"


def checkout(folder: Path, name: str, content: bytes) -> Path:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return folder


def test_there_is_none_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert hosts.main([]) == 0, capsys.readouterr().out


def test_the_locks_and_this_test_are_among_the_files_looked_at() -> None:
    names = {path.relative_to(hosts.ROOT).as_posix() for path in hosts.tracked(hosts.ROOT)}
    assert {
        "requirements/lock.txt",
        "requirements/bench-lock.txt",
        "tests/house/test_hosts.py",
    } <= names


@pytest.mark.parametrize("host", hosts.REGISTRIES)
def test_a_registry_is_found_even_without_a_scheme(tmp_path: Path, host: str) -> None:
    root = checkout(tmp_path, "a/b.txt", f"one\n--index {host}/simple\n".encode())
    assert hosts.faults(root / "a" / "b.txt") == [f"line 2: {host}"]
    assert hosts.main(["--root", str(root)]) == 1


@pytest.mark.parametrize(
    "line",
    [
        f"see https{SEP}example.org/page",
        f"GIT+SSH{SEP}git@example.org/x",
        f"http{SEP}user:word@10.0.0.1:80/",
    ],
)
def test_an_address_in_a_text_is_found(tmp_path: Path, line: str) -> None:
    assert hosts.main(["--root", str(checkout(tmp_path, "x.py", line.encode()))]) == 1


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.svg", f'<svg xmlns="http{SEP}www.w3.org/2000/svg">'),
        ("a.svg", f'<dc:type rdf:resource="http{SEP}purl.org/dc/dcmitype/StillImage"/>'),
        ("b.md", f"http{SEP}localhost:8000/ and doi:10.1039/d5eb00097a"),
    ],
)
def test_namespaces_and_this_machine_are_no_addresses(tmp_path: Path, name: str, line: str) -> None:
    assert hosts.main(["--root", str(checkout(tmp_path, name, line.encode()))]) == 0


def test_a_namespace_of_figures_is_an_address_elsewhere(tmp_path: Path) -> None:
    assert (
        hosts.main(["--root", str(checkout(tmp_path, "a.py", f"http{SEP}purl.org".encode()))]) == 1
    )


def test_a_registry_inside_a_binary_file_is_found(tmp_path: Path) -> None:
    content = b"\0\xff" + hosts.REGISTRIES[0].encode() + b"\0"
    assert hosts.main(["--root", str(checkout(tmp_path, "x.bin", content))]) == 1


def test_an_ignored_file_is_not_looked_at(tmp_path: Path) -> None:
    root = checkout(tmp_path, "out/x.txt", hosts.REGISTRIES[0].encode())
    (root / ".gitignore").write_text("out/\n", encoding="utf-8")
    assert hosts.main(["--root", str(root)]) == 0
