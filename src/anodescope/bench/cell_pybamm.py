"""Part of the comparison `cell`: the equations of one patch as a PyBaMM model, run apart.

The model is written from the equations, not from our kernel: diffusion modes of the layer, voltage
of the interface's capacitor, lost contact, deposited Na and charge, with ohmic kinetics behind the
threshold and a sheet resistance. Only the numbers are shared. Where our march holds a surface at
saturation, the model has a steep spring (1e5 mA/cm² per unit mole fraction).

It is run in three ways, all with IDAKLU on one thread, and with its right-hand side compiled by the
system's C compiler (``"compile": True``):

- "experiment": a `Simulation` with an `Experiment`, as a user writes pulses; also "as it comes",
  with the solver's own tolerances and nothing compiled;
- "step by step": one model with the current as an input, `solver.step` for each phase, nothing kept
  but the last state;
- "one solve": the current as a periodic function of time, every edge a point at which the solver
  must stop, a dense Jacobian of eight by eight. It is the fastest that we found.

The current of "one solve" jumps a nanosecond after each edge, so that a step that ends at an edge
does not see what comes after it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from anodescope.bench.peers import Answer, ask

Floats = npt.NDArray[np.float64]

PACKAGES = ("pybamm",)
WAYS = ("one solve", "step by step", "experiment", "experiment as it comes")
# The tolerances that IDAKLU comes with.
OWN_RTOL, OWN_ATOL_SHARE = 1e-4, 1e-2

# PyBaMM would report its use over the network.
PREPARE = """
import os
os.environ["PYBAMM_DISABLE_TELEMETRY"] = "true"
import pybamm
"""

MODEL = """
import time, warnings
warnings.simplefilter("ignore")
pybamm.set_logging_level("ERROR")
n = dict(zip(given["names"].tolist(), given["values"].tolist()))
kappa, tau = float(given["kappa"]), float(given["tau"])
weights, rates = given["weights"].tolist(), given["rates"].tolist()
phases, repeats = given["phases"].tolist(), int(given["repeats"])
rtol, way = float(given["rtol"]), str(given["way"])
compiled = way != "experiment as it comes"
atol = float(given["atol_share"]) * rtol
period = sum(duration for _, duration in phases)
ohms = 1e-3 * (n["sheet"] + n["electrolyte"])

def excess(x):
    a = n["excess_0"] + n["excess_1"] * (4 * x - 1) + n["excess_2"] * (2 * x - 1) * (6 * x - 1)
    return (1 - x) * (1 - x) * a

def emf(x):
    return -n["thermal_voltage"] * (pybamm.log(x) + excess(x)) - n["melting"]

def build(current):
    model = pybamm.BaseModel()
    s = [pybamm.Variable("s%d" % k) for k in range(len(weights))]
    v, phi, m, q = (pybamm.Variable(name) for name in ("v", "phi", "m", "q"))
    sodium = n["sodium"] - q - m
    bulk = sodium / (sodium + n["potassium"])
    surface = bulk - sum(s[1:], s[0])
    width = n["width"]
    room = width * pybamm.log(1 + pybamm.exp((bulk - n["critical_fraction"]) / width))
    theta = pybamm.minimum(pybamm.maximum(1 - (bulk - surface) / room, 1e-7), 1.0)
    amount = bulk
    if n["dependence"] == 0:
        amount = bulk / (bulk * n["volume_na"] + (1 - bulk) * n["volume_k"])
    fresh = n["charge_transfer"] * (n["reference"] + n["floor"]) / (amount + n["floor"])
    share = m / (m + n["deposit_edge"])
    gain = 1 + (1 / n["deposit_contact"] - 1) * m / (m + n["deposit_spread"])
    drive = v - (1 - share) * emf(surface)
    flow = 1e3 * (share + (1 - share) * theta) * drive * (1 - phi) * gain / fresh
    spring = 1e5 * pybamm.maximum(surface - n["saturation"], 0)
    strips = flow > 0
    flux = strips * (1 - share) * flow + (1 - strips) * pybamm.minimum(flow + spring, 0)
    pseudo = (1 - phi) * n["pseudo_capacitance"] * theta ** n["capacitance_power"]
    if n["capacitance_width"] < 1e6:
        pseudo = pseudo / pybamm.cosh(v / (2 * n["capacitance_width"])) ** 2
    plated = pybamm.maximum(-flow, 0) / 3600
    model.rhs = {
        v: 1e-3 * (current - flow) / (pseudo + n["double_layer"]),
        phi: n["loss_rate"] * (1 - theta) ** n["loss_power"] * (1 - phi)
        - phi / n["loss_heal"] - phi * plated / n["loss_refill"],
        m: (flux - flow) / 3600 - m / n["deposit_time"],
        q: current / 3600,
    }
    for one, weight, rate in zip(s, weights, rates):
        model.rhs[one] = -(rate / tau) * (one - weight * flux / kappa)
    start = pybamm.Scalar(n["sodium"] / (n["sodium"] + n["potassium"]))
    model.initial_conditions = {one: pybamm.Scalar(0) for one in (*s, phi, m, q)}
    model.initial_conditions[v] = emf(start)
    model.variables = {"v": v, "V": v + ohms * current}
    return model

def solver(**options):
    return pybamm.IDAKLUSolver(rtol=rtol, atol=atol, options={"compile": compiled, **options})
"""

ONE_SOLVE = """
def one_solve():
    passed = pybamm.maximum(pybamm.t - 1e-9, 0) % period
    current, edge = 0, 0.0
    for value, duration in phases:
        current = current + value * (passed >= edge) * (passed < edge + duration)
        edge += duration
    model = build(current)
    pybamm.Discretisation().process_model(model)
    run = solver(linear_solver="SUNLinSol_Dense", jacobian="dense")
    ends = np.cumsum([duration for _, duration in phases])
    edges = (period * np.arange(repeats)[:, None] + ends).ravel()
    long = np.tile([duration for _, duration in phases], repeats)
    at = ((edges - long)[:, None] + long[:, None] * given["fractions"]).ravel()
    at[given["fractions"].size - 1 :: given["fractions"].size] = edges
    begin = time.process_time()
    run.solve(model, np.array([0.0, *ends]))
    ready = time.process_time()
    found = run.solve(model, np.array([0.0, *edges]))
    done = time.process_time()
    flow = np.repeat(np.tile([value for value, _ in phases], repeats), given["fractions"].size)
    volts = np.asarray(found["v"](at)) + ohms * flow
    return volts, ready - begin, done - ready
"""

STEPS = """
def step_by_step():
    model = build(pybamm.InputParameter("I"))
    pybamm.Discretisation().process_model(model)
    run, state, volts, begin = solver(), None, [], time.process_time()
    warm = run.step(None, model, phases[0][1], inputs={"I": phases[0][0]}, save=False)
    ready = time.process_time()
    for _ in range(repeats):
        for value, duration in phases:
            state = run.step(state, model, duration, inputs={"I": value}, save=False)
            volts.append(state["V"].entries[-1])
    return np.array(volts), ready - begin, time.process_time() - ready

def experiment():
    current = pybamm.FunctionParameter("Current function [A]", {"Time [s]": pybamm.t})
    model = build(current)
    names = {"Current [A]": current, "Current variable [A]": current, "Time [s]": pybamm.t}
    volts = {name: model.variables["V"] for name in ("Voltage [V]", "Battery voltage [V]")}
    model.variables.update({**names, **volts})
    model.summary_variables = []
    known = {"Current function [A]": 1.0, "Nominal cell capacity [A.h]": 1.0}
    values = pybamm.ParameterValues({**known, "Ambient temperature [K]": 298.15})
    begin = time.process_time()
    cycle = tuple(pybamm.step.current(value, duration=duration, period=duration)
                  for value, duration in phases)
    plan = pybamm.Experiment([cycle] * repeats)
    run = pybamm.Simulation(model, experiment=plan, parameter_values=values, solver=solver())
    run.build_for_experiment()
    ready = time.process_time()
    found = run.solve(calc_esoh=False, showprogress=False)
    done = time.process_time()
    volts = [one["V"].entries[-1] for cycle in found.cycles for one in cycle.steps]
    return np.array(volts), ready - begin, done - ready
"""

CHOOSE = """
ways = {"one solve": one_solve, "step by step": step_by_step}
volts, set_up, seconds = ways.get(way, experiment)()
result.update(volts=np.asarray(volts), set_up=np.array(set_up), seconds=np.array(seconds))
"""
WORK = MODEL + ONE_SOLVE + STEPS + CHOOSE


def ask_pybamm(
    numbers: dict[str, npt.ArrayLike],
    phases: Sequence[tuple[float, float]],
    repeats: int,
    *,
    rtol: float,
    atol_share: float = 1e-2,
    way: str = "one solve",
    fractions: Sequence[float] = (1.0,),
) -> Answer:
    """Let PyBaMM march through phases of held current.

    Parameters
    ----------
    numbers : of the cell, by `anodescope.bench.cell_ours.one_patch`.
    phases : current (mA/cm²) and duration (s) of each.
    repeats : how often all of them.
    rtol : relative tolerance of IDAKLU.
    atol_share : absolute tolerance over the relative one, alike for all states.
    way : of `WAYS`.
    fractions : of each phase at which the voltage is wanted, the last 1; only "one solve" has more.

    Returns
    -------
    its arrays: volts (phase × fraction,) V; set_up, seconds: of processor time; peak_memory (MB).
    """
    given = {
        **numbers,
        "phases": np.asarray(phases, dtype=float),
        "repeats": repeats,
        "rtol": rtol,
        "atol_share": atol_share,
        "way": way,
        "fractions": np.asarray(fractions, dtype=float),
    }
    return ask(PACKAGES, PREPARE, WORK, given)
