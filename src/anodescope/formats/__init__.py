"""The formats room: one file per instrument format, one column table each, no analysis.

`read` turns the files of one cell into a Campaign, `inspect` says what is in files, `export`
writes a Campaign for other programs. The manifest lists the formats.
"""

from anodescope.formats.export import export
from anodescope.formats.inspect import inspect
from anodescope.formats.manifest import FORMATS
from anodescope.formats.reading import read
from anodescope.formats.recording import Column, Recording
from anodescope.formats.study import read_study

__all__ = ["FORMATS", "Column", "Recording", "export", "inspect", "read", "read_study"]
