"""Byte code is kept next to the sources of what was imported, and only where it can be."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from anodescope.workflow.warm import keep_byte_code


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module that was imported without leaving byte code."""
    (tmp_path / "just_imported.py").write_text("value = 6 * 7\n")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = importlib.import_module("just_imported")
    del sys.modules["just_imported"]
    return found


def test_byte_code_is_written_once(module: ModuleType) -> None:
    target = Path(importlib.util.cache_from_source(str(module.__file__)))
    assert not target.exists()
    assert keep_byte_code([module]) == 1
    assert target.read_bytes()[:4] == importlib.util.MAGIC_NUMBER
    assert keep_byte_code([module]) == 0


def test_where_nothing_can_be_written_nothing_is_lost(module: ModuleType) -> None:
    target = Path(importlib.util.cache_from_source(str(module.__file__)))
    target.parent.write_text("a file where a folder should be")
    assert keep_byte_code([module]) == 0
