"""Sphinx settings."""

from importlib import metadata

project = "anodescope"
author = "The anodescope developers"
copyright = author
release = metadata.version("anodescope")
version = ".".join(release.split(".")[:2])

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"anodescope {release}"
html_show_sourcelink = False
