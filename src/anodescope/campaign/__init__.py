"""The campaign room: what a measurement or a simulation is, and how it is kept.

A `Campaign` holds flat sibling nodes (timeseries, steps, events, spectra, …) on one clock. The
glossary in `anodescope.names` says what each node holds; `build_node` makes one from bare arrays,
`check` holds it to the rules, the store keeps it as Zarr v3. A `Study` is a set of campaigns with a
table of their specimens.
"""

from __future__ import annotations

from anodescope.campaign.campaign import Campaign, open_campaign
from anodescope.campaign.join import concatenate
from anodescope.campaign.provenance import merge, sha256_of, source_entry, step_entry
from anodescope.campaign.rules import check
from anodescope.campaign.schema import SCHEMA_VERSION, build_node
from anodescope.campaign.specimen import Specimen, current_factor, parse_specimen, read_specimen
from anodescope.campaign.store import append
from anodescope.campaign.study import Study, read_study, study_of
from anodescope.campaign.views import default_rows, default_spectra, spectrum_points

__all__ = [
    "SCHEMA_VERSION",
    "Campaign",
    "Specimen",
    "Study",
    "append",
    "build_node",
    "check",
    "concatenate",
    "current_factor",
    "default_rows",
    "default_spectra",
    "merge",
    "open_campaign",
    "parse_specimen",
    "read_specimen",
    "read_study",
    "sha256_of",
    "source_entry",
    "spectrum_points",
    "step_entry",
    "study_of",
]
