"""Check the licence of every package that anodescope needs at run time, extras included.

The walk starts at anodescope's own requirements and follows those of each installed package. What
the metadata says decides; where they say nothing usable, a reviewed row below does.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = "anodescope"

# Words of SPDX identifiers and of the registry's classifiers that we accept.
PERMISSIVE = re.compile(
    r"\b(0BSD|BSD(-\d-Clause)?|MIT(-CMU|-0)?|Apache([- ]2\.0)?|ISCL?|PSF(-2\.0)?|Python-2\.0(\.1)?"
    r"|HPND|Zlib|Unlicense|CC0-1\.0|BSL-1\.0|CNRI-Python|Python Software Foundation|NCSA)\b",
    re.I,
)
JOINTS = re.compile(r"\b(?:AND|OR)\b|[(),;]")
# A linking exception makes GCC's own run-time libraries harmless; nothing else does.
EXCEPTION = re.compile(r"\b[AL]?GPL-[\d.]+(-or-later|-only)? WITH GCC-exception-[\d.]+", re.I)
REFUSED = re.compile(r"\b(A?GPL|GNU (Affero )?General Public|SSPL|BUSL|Proprietary)", re.I)
LESSER = re.compile(r"\b(LGPL|Lesser General Public|MPL|Mozilla Public)", re.I)

# Packages whose metadata are missing or vague: (licence, how it was found).
REVIEWED: dict[str, tuple[str, str]] = {}

# Weak copyleft, allowed only for packages that come with an extra and never with the core.
OPTIONAL_LESSER: frozenset[str] = frozenset()


def required(root: str = ROOT, *, extras: bool = True) -> list[str]:
    """Return the canonical names of the installed packages that `root` needs at run time."""
    seen: set[tuple[str, str]] = set()
    waiting = [(root, extra) for extra in ("", *(_extras(root) if extras else ()))]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        waiting += _needs(name, extra)
    return sorted({name for name, _ in seen} - {root})


def _extras(name: str) -> list[str]:
    return metadata.metadata(name).get_all("Provides-Extra") or []


def _needs(name: str, extra: str) -> Iterable[tuple[str, str]]:
    """Yield what one package needs on this machine; a package that is not installed is an error."""
    for line in metadata.requires(name) or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is not None and not marker.evaluate({"extra": extra}):
            continue
        child = canonicalize_name(requirement.name)
        yield from ((child, wanted) for wanted in ("", *requirement.extras))


def licence(name: str) -> str:
    """Return what the package's metadata say of its licence, as one line; "" if nothing usable."""
    if name in REVIEWED:
        return REVIEWED[name][0]
    about = metadata.metadata(name)
    for expression in about.get_all("License-Expression") or []:
        return str(expression)
    classifiers = [
        row.rsplit("::", 1)[-1].strip()
        for row in about.get_all("Classifier") or []
        if row.startswith("License ::") and row != "License :: OSI Approved"
    ]
    if classifiers:
        return " AND ".join(classifiers)
    free_text = "\n".join(about.get_all("License") or []).strip()
    return free_text.splitlines()[0] if free_text else ""


def fault(name: str, text: str, *, core: bool = True) -> str:
    """Return why this licence is refused, or "" when it is accepted."""
    if not text:
        return "says nothing of its licence: read it and add a row to REVIEWED"
    bare = EXCEPTION.sub("", text)
    if LESSER.search(bare):
        if name in OPTIONAL_LESSER and not core:
            return ""
        return f"weak copyleft ({text}): allowed only for a listed, optional package"
    if REFUSED.search(bare):
        return f"refused licence ({text})"
    parts = [part for part in JOINTS.split(bare) if part.strip()]
    if not all(PERMISSIVE.search(part) for part in parts):
        return f"unknown licence ({text}): read it and add a row to REVIEWED"
    return ""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="print every package's licence")
    options = parser.parse_args(arguments)
    core = set(required(extras=False))
    rows = [(name, licence(name)) for name in required()]
    if options.list:
        for name, text in rows:
            print(f"{name:24} {text}")
    faults = [f"{n}: {why}" for n, text in rows if (why := fault(n, text, core=n in core))]
    print("\n".join(faults) if faults else f"licences: {len(rows)} packages, all permissive")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
