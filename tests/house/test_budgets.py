"""The budgets of STYLE.md; each is held by one test, and another shows that it can be broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import grimp
import pytest

import anodescope

from . import budgets
from .budgets import Source

PACKAGE = Path(anodescope.__file__).parent

# Files that are one long table of rows, exempt from the budget of lines. A row here that is not
# needed, or that holds more code than table, fails.
TABLES: frozenset[str] = frozenset()


def package() -> list[Source]:
    return [
        Source(path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    ]


def public_names() -> list[str]:
    return list(anodescope.__all__)


def rooms() -> set[str]:
    """Names of the rooms: the children of the package, folders and files alike."""
    return {path.stem for path in PACKAGE.iterdir() if not path.name.startswith(("_", "py.typed"))}


def function_of(lines: int) -> str:
    return "\n".join(
        ["def long():", '    """Two lines', '    of docstring."""', *["    x = 1"] * lines]
    )


def test_there_is_a_package_to_count() -> None:
    assert len(package()) > 10
    assert {"names", "errors", "formats"} <= rooms()


# files and functions


def test_no_file_is_longer_than_the_budget() -> None:
    assert budgets.long_files(package(), TABLES) == []


def test_a_long_file_is_found_and_a_table_is_exempt() -> None:
    sources = [Source("a.py", "x = 1\n" * 401), Source("b.py", "x = 1\n" * 400)]
    assert budgets.long_files(sources, frozenset()) == ["a.py: 401 lines"]
    assert budgets.long_files(sources, frozenset({"a.py"})) == []


def test_every_exempt_table_still_is_one() -> None:
    assert budgets.stale_tables(package(), TABLES) == []


def test_a_stale_exemption_is_found() -> None:
    sources = [
        Source("short.py", "x = 1\n"),
        Source("code.py", function_of(401)),
        Source("table.py", "x = 1\n" * 401),
    ]
    exempt = frozenset({"short.py", "code.py", "gone.py", "table.py"})
    assert budgets.stale_tables(sources, exempt) == ["code.py", "gone.py", "short.py"]


def test_no_function_is_longer_than_the_budget() -> None:
    assert budgets.long_functions(package()) == []


def test_a_long_function_is_found_and_its_docstring_is_free() -> None:
    assert budgets.long_functions([Source("a.py", function_of(61))]) == ["a.py:1 long: 61 lines"]
    assert budgets.long_functions([Source("a.py", function_of(60))]) == []


def test_a_long_method_is_found() -> None:
    method = "class A:\n" + "\n".join(f"    {line}" for line in function_of(61).splitlines())
    assert budgets.long_functions([Source("a.py", method)]) == ["a.py:2 long: 61 lines"]


def test_nine_functions_in_ten_are_short() -> None:
    assert budgets.p90(package()) <= budgets.LONGEST_FUNCTION_P90


def test_p90_counts_what_nine_in_ten_do_not_exceed() -> None:
    short, long = Source("a.py", function_of(3)), Source("b.py", function_of(36))
    assert budgets.p90([short] * 9 + [long]) == 3
    assert budgets.p90([short] * 8 + [long] * 2) == 36
    assert budgets.p90([Source("c.py", "")]) == 0


# what no module does


@pytest.mark.parametrize(
    "rule", [budgets.prints, budgets.evaluations, budgets.bare_excepts, budgets.asserts]
)
def test_no_module_breaks_a_ban(rule: Callable[[Source], list[str]]) -> None:
    assert [fault for source in package() for fault in rule(source)] == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (budgets.prints, "def f():\n    print('x')"),
        (budgets.evaluations, "x = eval('1')"),
        (budgets.evaluations, "exec('1')"),
        (budgets.evaluations, "import builtins\nbuiltins.eval('1')"),
        (budgets.bare_excepts, "try:\n    f()\nexcept:\n    raise"),
        (budgets.bare_excepts, "try:\n    f()\nexcept BaseException:\n    x = 1"),
        (budgets.bare_excepts, "try:\n    f()\nexcept (KeyError, BaseException):\n    x = 1"),
        (budgets.asserts, "assert x"),
    ],
)
def test_a_banned_thing_is_found(rule: Callable[[Source], list[str]], text: str) -> None:
    assert len(rule(Source("report/a.py", text))) == 1


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (budgets.prints, "console.print('x')"),
        (budgets.evaluations, "polynomial.eval(x)\nre.compile('x')"),
        (budgets.bare_excepts, "try:\n    f()\nexcept KeyError:\n    x = 1"),
        (budgets.bare_excepts, "try:\n    f()\nexcept BaseException:\n    tidy()\n    raise"),
    ],
)
def test_an_innocent_thing_is_left_alone(rule: Callable[[Source], list[str]], text: str) -> None:
    assert rule(Source("report/a.py", text)) == []


def test_the_command_line_may_print() -> None:
    assert budgets.prints(Source("cli/main.py", "print('x')")) == []


# names


def test_few_public_names() -> None:
    assert len(public_names()) <= budgets.MOST_PUBLIC_NAMES
    assert len(set(public_names())) == len(public_names())


def test_no_public_name_is_a_rooms_name() -> None:
    assert set(public_names()) & rooms() == set()


def test_rooms_are_found_as_folders_and_as_files() -> None:
    assert {"names", "campaign"} <= rooms()
    assert "__init__" not in rooms()
    assert "py" not in rooms()


# rings


def imports() -> dict[str, set[str]]:
    graph = grimp.build_graph("anodescope", cache_dir=None)
    return {
        module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules
    }


def test_no_modules_import_each_other_in_a_ring() -> None:
    assert budgets.rings(imports()) == []


def test_the_graph_of_imports_is_not_empty() -> None:
    assert "anodescope.errors" in imports()["anodescope.running"]


def test_a_ring_is_found() -> None:
    chain = {"a": {"b"}, "b": {"c"}, "c": set()}
    assert budgets.rings(chain) == []
    assert budgets.rings({**chain, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert budgets.rings({"a": {"a"}}) == [["a"]]
    assert budgets.rings({"a": {"b"}, "b": {"a"}, "c": {"d"}, "d": {"c", "a"}}) == [
        ["a", "b"],
        ["c", "d"],
    ]
