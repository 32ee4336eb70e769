"""What the budgets count: each function takes source code and returns what it found."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
LONGEST_FUNCTION_P90 = 35
MOST_PUBLIC_NAMES = 25

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One module: its path inside the package, with slashes, and its text."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())


def long_files(sources: list[Source], tables: frozenset[str]) -> list[str]:
    return [
        f"{source.path}: {source.lines} lines"
        for source in sources
        if source.lines > LONGEST_FILE and source.path not in tables
    ]


def stale_tables(sources: list[Source], tables: frozenset[str]) -> list[str]:
    """Exempt files that are gone, short enough by now, or hold more functions than a table."""
    by_path = {source.path: source for source in sources}
    return [
        path
        for path in sorted(tables)
        if path not in by_path
        or by_path[path].lines <= LONGEST_FILE
        or sum(body for _, body in function_bodies(by_path[path])) > by_path[path].lines / 4
    ]


def function_bodies(source: Source) -> Iterator[tuple[str, int]]:
    """Yield each function's place and the lines of its body, docstring and signature left out."""
    for node in ast.walk(source.tree):
        if isinstance(node, Function):
            yield f"{source.path}:{node.lineno} {node.name}", body_lines(node)


def body_lines(function: Function) -> int:
    body = function.body
    if ast.get_docstring(function, clean=False) is not None:
        body = body[1:]
    if not body:
        return 0
    return (body[-1].end_lineno or body[-1].lineno) - body[0].lineno + 1


def long_functions(sources: list[Source]) -> list[str]:
    return [
        f"{place}: {lines} lines"
        for source in sources
        for place, lines in function_bodies(source)
        if lines > LONGEST_FUNCTION
    ]


def p90(sources: list[Source]) -> int:
    """Return the length that nine functions in ten do not exceed."""
    lengths = sorted(lines for source in sources for _, lines in function_bodies(source))
    return lengths[-(-9 * len(lengths) // 10) - 1] if lengths else 0


def prints(source: Source) -> list[str]:
    """Calls of print, outside the rooms that talk to people."""
    if source.path.startswith(("cli/", "app/")):
        return []
    return _calls(source, {"print"})


def evaluations(source: Source) -> list[str]:
    """Calls of eval and exec, also through builtins; a method called eval is somebody else's."""
    return _calls(source, {"eval", "exec", "builtins.eval", "builtins.exec"})


def bare_excepts(source: Source) -> list[str]:
    """Handlers without a type, and handlers of everything that do not raise again."""
    return [
        f"{source.path}:{node.lineno}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler) and _catches_all(node)
    ]


def _catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    everything = any(ast.unparse(name) == "BaseException" for name in names)
    raises = any(isinstance(node, ast.Raise) for node in ast.walk(handler))
    return everything and not raises


def asserts(source: Source) -> list[str]:
    return [
        f"{source.path}:{node.lineno}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Assert)
    ]


def _calls(source: Source, names: set[str]) -> list[str]:
    return [
        f"{source.path}:{node.lineno} {ast.unparse(node.func)}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names
    ]


def rings(imports: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other in a ring (Tarjan's components).

    `imports` maps each module to the modules it imports directly.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for child in sorted(imports.get(module, ())):
            if child not in index:
                visit(child)
                low[module] = min(low[module], low[child])
            elif child in stack:
                low[module] = min(low[module], index[child])
        if low[module] == index[module]:
            at = stack.index(module)
            ring = sorted(stack[at:])
            del stack[at:]
            if len(ring) > 1 or module in imports.get(module, ()):
                found.append(ring)

    for module in sorted(imports):
        if module not in index:
            visit(module)
    return found
