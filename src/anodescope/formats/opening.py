"""Files as bytes: what the operating system refuses becomes one sentence."""

from __future__ import annotations

import os
from pathlib import Path

from anodescope.errors import ReadError

HEAD = 4096


def head_of(path: Path) -> bytes:
    """Return the first `HEAD` bytes of a file.

    Raises
    ------
    ReadError
        when the file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError as error:
        raise refused(path, error) from error


def bytes_of(path: Path) -> bytes:
    """Return all bytes of a file; raises ReadError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise refused(path, error) from error


def refused(path: Path, error: OSError) -> ReadError:
    """Say why a path could not be opened."""
    reason = (error.strerror or type(error).__name__).lower()
    return ReadError(path, expected="a readable file or folder", found=reason)


def kind_of(path: Path) -> str:
    """Return "file", "folder", "other" or "" (nothing there); raises ReadError where unreadable."""
    try:
        path.lstat()
        return "folder" if path.is_dir() else "file" if path.is_file() else "other"
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise refused(path, error) from error


def entries_of(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted, without hidden entries; raises ReadError."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise refused(folder, error) from error


def printable(text: str) -> str:
    """Return text that any file or screen can hold: bytes that are no UTF-8 become escapes."""
    return os.fsencode(text).decode("utf-8", "backslashreplace")
