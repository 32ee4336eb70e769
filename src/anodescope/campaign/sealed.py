"""Every class is abstract or final; `sealed` holds the second half at run time."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

C = TypeVar("C", bound=type)


def sealed(cls: C) -> C:
    """Make `cls` refuse subclasses; use it below `typing.final`, which tells type checkers."""

    def refuse(subclass: type, /, **_: Any) -> NoReturn:
        raise TypeError(
            f"{cls.__name__} is final: write a function that takes one, not {subclass.__name__}."
        )

    setattr(cls, "__init_subclass__", classmethod(refuse))  # noqa: B010 (mypy forbids the plain form)
    return cls
