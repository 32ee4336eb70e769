"""No tracked file may name a package registry, and no text file may hold an address of the network.

A lock that names a registry works on one machine only, and an address in the code is a call home
waiting to happen. The names looked for are put together here from pieces, so that this file does
not hold them itself.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("pypi", "python", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("debian", "org"),
        ("ubuntu", "com"),
        ("crates", "io"),
        ("golang", "org"),
        ("anaconda", "org"),
        ("anaconda", "com"),
        ("conda", "io"),
        ("pytorch", "org"),
        ("huggingface", "co"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("maven", "org"),
    )
)

# Addresses that are names, not places: XML namespaces, and this machine itself.
ALLOWED = frozenset({"www.w3.org", "localhost", "127.0.0.1", "[::1]"})
# Figures drawn by matplotlib carry the vocabularies of their metadata.
ALLOWED_IN_SVG = ALLOWED | {"purl.org", "creativecommons.org", "matplotlib.org"}

ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*:" + r"//(?:[^\s/@]*@)?(\[[0-9a-f:]+\]|[\w.-]+)", re.I)
REGISTRY = re.compile("|".join(re.escape(host) for host in REGISTRIES), re.I)
SCHEMES_OF_FILES = ("file:",)


def tracked(root: Path) -> list[Path]:
    """Return the files that git tracks, or would track after `git add --all`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
    ).stdout
    names = sorted(set(listed.decode().split("\0")) - {""})
    return [root / name for name in names if (root / name).is_file()]


def faults(path: Path) -> list[str]:
    """Return one line for each registry or address in the file."""
    data = path.read_bytes()
    text = data.decode("utf-8", errors="replace")
    found = [(match.start(), match.group()) for match in REGISTRY.finditer(text)]
    if b"\0" not in data:
        allowed = ALLOWED_IN_SVG if path.suffix == ".svg" else ALLOWED
        found += [
            (match.start(), match.group())
            for match in ADDRESS.finditer(text)
            if match.group(1).lower() not in allowed
            and not match.group().startswith(SCHEMES_OF_FILES)
        ]
    return [f"line {text.count(chr(10), 0, at) + 1}: {name}" for at, name in sorted(set(found))]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to look through")
    options = parser.parse_args(arguments)
    files = tracked(options.root)
    lines = [
        f"{path.relative_to(options.root)}, {fault}" for path in files for fault in faults(path)
    ]
    print("\n".join(lines) if lines else f"hosts: none in {len(files)} files")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
