"""Pages made of templates: one style, one script, no request to any network."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from anodescope.campaign.provenance import anodescope_version


def _asset(name: str) -> str:
    return (files("anodescope.report") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{b64encode(digest).decode()}"


def render(template: str, **values: Any) -> str:
    """Return a page made of one of the templates of this package.

    Every value is escaped; the content security policy names the hashes of the style and of the
    script, so that nothing else runs.
    """
    style, script = _asset("page.css"), _asset("page.js")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, loader=FunctionLoader(_asset)
    )
    return environment.get_template(template).render(
        **values,
        version=anodescope_version(),
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
