"""The paper's experiments: which cell, which protocol, and what had to be assumed.

Each is simulated and then analysed like a measured one; rows of observations.toml name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import final

from anodescope.cell import Instrument
from anodescope.protocol import Protocol, protocols

# A sample per second is enough where a current is held for hours.
SLOW = 1.0
# Na | NASICON | Na: the paper quotes 3.2 mA/cm² from elsewhere; half-cycles of 10 min are assumed.
SODIUM_STEP, SODIUM_HIGHEST, SODIUM_HALF_CYCLE = 0.2, 5.0, 600.0
# From this time on a rest is looked at every so many seconds (s): nothing fast is left by then.
LATE, LATE_EVERY = 3600.0, 600.0
LOOK = 1.0


@final
@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment of the paper.

    Attributes
    ----------
    key, figure : name here, and the paper's figure.
    cell : name of the preset (see `Cell.preset`). protocol : mA/cm², positive strips the alloy.
    says : what it is, as a phrase. assumed : what the paper does not say.
    sampling : a sample each so many seconds.
    """

    key: str
    figure: str
    cell: str
    protocol: Protocol
    says: str
    assumed: tuple[str, ...] = ()
    sampling: float = 0.1

    def instrument(self, *, noise: bool = False) -> Instrument:
        """Return the instrument, silent unless `noise`."""
        made = Instrument(sampling=self.sampling)
        return made if noise else made.silent()


HALF_CYCLE = "half-cycles of 1 h"
IN_SITU = "40 µL's height of liquid in the O-ring of 4 mm"


def long_rest() -> Protocol:
    """Return 15 h of rest with PEIS: one sweep after the other for an hour, then every 10 min.

    A potentiostat looks at the open circuit before it holds it: without that second the first sweep
    would hold the voltage of the load.
    """
    late = 54000.0 - LATE - LOOK
    first = protocols.rest(LOOK) + protocols.rest_with_peis(LATE)
    return first + protocols.rest_with_peis(late, LATE_EVERY)


def critical_current(half_cycle: float = 3600.0) -> Protocol:
    """Return the critical-current test for half-cycles of a length (s)."""
    return protocols.ccd(half_cycle=half_cycle)


def sodium_staircase(half_cycle: float = SODIUM_HALF_CYCLE) -> Protocol:
    """Return the critical-current test of Na | NASICON | Na."""
    count = round(SODIUM_HIGHEST / SODIUM_STEP)
    currents = [round(SODIUM_STEP * (k + 1), 10) for k in range(count)]
    return protocols.ccd(currents, half_cycle, sweep=None)


@cache
def experiments() -> Mapping[str, Experiment]:
    """Return the paper's experiments by key, in the order of its figures."""
    staircase = protocols.staircase_geis()
    assumed_rest = "PEIS of 10 mV, 1 s after the load; after the first hour one sweep every 10 min"
    made = [
        Experiment("ccd50", "Fig. 1", "NaK50", critical_current(),
                   "critical current: strip and plate at 0.05, 0.1, 0.2, 0.4 mA/cm²",
                   (HALF_CYCLE,)),
        Experiment("pristine50", "Fig. S7", "NaK50", protocols.spectra(), "pristine NaK50",
                   ("PEIS of 10 mV",)),
        Experiment("pristine65", "Fig. S7", "NaK65", protocols.spectra(), "pristine NaK65",
                   ("PEIS of 10 mV",)),
        Experiment("pristine80", "Fig. S7", "NaK80", protocols.spectra(), "pristine NaK80",
                   ("PEIS of 10 mV",)),
        Experiment("strip50", "Fig. 3", "NaK50", staircase + long_rest(),
                   "stripping staircase of NaK50, then 15 h of rest", (assumed_rest,)),
        Experiment("strip65", "Fig. S6", "NaK65", staircase, "stripping staircase of NaK65"),
        Experiment("strip80", "Fig. S6", "NaK80", staircase, "stripping staircase of NaK80"),
        *(_pulses(rest) for rest in (0.0, 0.1, 1.0, 2.0, 5.0, 10.0)),
        Experiment(
            "transient",
            "Fig. 4b",
            "NaK50",
            protocols.pulsed_stripping(1.0, 1.0, 10.0, count=100),
            "100 pulses of 1 s at 1 mA/cm², 10 s of rest, sampled each 0.02 s",
            (),
            0.02,
        ),
        Experiment("hold_0.25", "text to Fig. 4", "NaK50", protocols.to_capacity(0.25, 20.0),
                   "strip at 0.25 mA/cm² to 20 mAh/cm²", ("without pauses",), SLOW),
        Experiment("slow50", "Fig. 4c", "NaK50", protocols.to_capacity(0.05, 50.0),
                   "strip at 0.05 mA/cm² to 3 V", ("not in the paper",), 10.0),
        Experiment("plate50", "Fig. 5", "NaK50",
                   protocols.staircase_geis(-0.05, -1.0) + long_rest(),
                   "plating staircase of NaK50, then 15 h of rest", (assumed_rest,)),
        Experiment("potassium", "Fig. S9", "K",
                   protocols.spectra()
                   + protocols.to_capacity(-0.1, 0.2, sweep=35.0, voltage_limit=None)
                   + long_rest(),
                   "plate 0.2 mAh/cm² of Na on K, then 15 h of rest", ("0.1 mA/cm²", assumed_rest)),
        Experiment("insitu_plate_0.7", "Fig. 2", "in-situ NaK50",
                   protocols.to_capacity(-0.7, 1.5, voltage_limit=None),
                   "in situ cell plated at 0.7 mA/cm²", (IN_SITU, "at most 1.5 mAh/cm²")),
        Experiment("insitu_plate_0.4", "Fig. S3", "in-situ NaK50",
                   protocols.to_capacity(-0.4, 4.0, voltage_limit=None),
                   "in situ cell plated at 0.4 mA/cm² to 4 mAh/cm²", (IN_SITU,), SLOW),
        Experiment("insitu_strip", "Fig. S4", "in-situ NaK50",
                   protocols.hold((0.2, 0.4, 0.7, 1.0), 600.0, voltage_limit=3.0),
                   "in situ cell stripped at 0.2, 0.4, 0.7, 1 mA/cm²", (IN_SITU, "10 min each")),
        Experiment("sodium", "text to Fig. 2", "Na", sodium_staircase(),
                   "critical current of Na | NASICON | Na",
                   (f"half-cycles of {SODIUM_HALF_CYCLE / 60:g} min", "steps of 0.2 mA/cm²"), SLOW),
        Experiment("pristine_sodium", "Fig. S1", "Na", protocols.spectra(), "pristine Na",
                   ("PEIS of 10 mV",)),
    ]  # fmt: skip
    return MappingProxyType({one.key: one for one in made})


def _pulses(rest: float) -> Experiment:
    says = f"pulses of 1 s at 1 mA/cm², {rest:g} s of rest, to 3 V"
    if not rest:
        says = "strip at 1 mA/cm² to 3 V, without rest"
    # Ends of pulses and rests are always sampled; in between seconds do for trains of hours.
    sampling = SLOW if rest >= 1.0 else 0.1
    made = protocols.pulsed_stripping(1.0, 1.0, rest)
    return Experiment(f"pulse_{rest:g}", "Fig. 4", "NaK50", made, says, (), sampling)
