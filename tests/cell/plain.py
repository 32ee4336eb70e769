"""The cell's equations in plain NumPy, explicit in time: the oracle of the compiled march.

Nothing is shared with the kernel but the names of the numbers. It needs a sheet resistance, since
the currents of the patches then follow from their voltages.
"""

from __future__ import annotations

import numpy as np

from anodescope.cell import slots
from anodescope.cell.slots import SLOTS


class Plain:
    """Right-hand side for SciPy: y is (modes, v, φ, m, ψ) of each patch, then Q, c, v_c."""

    def __init__(self, p, kappa, tau, modes=4):
        self.n = dict(zip(SLOTS, p, strict=True))
        self.kappa, self.tau, self.modes = kappa, tau, modes
        k = np.arange(1, modes + 1)
        self.weights = 8 / np.pi**2 / (2 * k - 1) ** 2
        self.decay = (2 * k - 1) ** 2 * np.pi**2 / 4
        self.weights[-1] = 1 - self.weights[:-1].sum()
        self.decay[-1] = self.weights[-1] / (1 / 3 - (self.weights[:-1] / self.decay[:-1]).sum())

    def split(self, y):
        m = self.modes
        patches = y[:-3].reshape(self.kappa.size, m + 4)
        return (patches[:, :m], *patches[:, m:].T, *y[-3:])

    def start(self):
        """Fresh cell at rest."""
        bulk = self.bulk(0.0, 0.0)
        patch = np.zeros((self.kappa.size, self.modes + 4))
        patch[:, self.modes] = self.emf(bulk)
        patch[:, self.modes + 1] = self.n["loss_start"]
        return np.concatenate([patch.ravel(), [0.0, self.n["filament_start"], 0.0]])

    def bulk(self, charge, metal):
        sodium = self.n["sodium"] - charge - metal
        return sodium / (sodium + self.n["potassium"])

    def emf(self, x):
        a = [self.n[f"excess_{k}"] for k in range(3)]
        x = np.asarray(x, float)

        def excess(z):  # G^E/RT
            return z * (1 - z) * sum(a[k] * (2 * z - 1) ** k for k in range(3))

        h = 1e-5
        slope = (excess(x + h) - excess(x - h)) / (2 * h)
        level = -self.n["thermal_voltage"] * (np.log(x) + excess(x) + (1 - x) * slope)
        return level - self.n["melting"]

    def theta(self, bulk, surface):
        n = self.n
        if n["layer"] == slots.NO_LAYER:
            return np.ones_like(surface)

        def soft(x):
            return n["width"] * np.logaddexp(0, (x - n["critical_fraction"]) / n["width"])

        room = soft(bulk) if n["width"] > 0 else max(bulk - n["critical_fraction"], 1e-12)
        smooth = n["layer"] == slots.SMOOTH
        return np.clip(soft(surface) / room if smooth else 1 - (bulk - surface) / room, 1e-7, 1.0)

    def parts(self, y):
        """Bulk, θ, contact, resistance, share of the deposit and emf of each patch."""
        n = self.n
        s, _, phi, m, psi, q, _, _ = self.split(y)
        bulk = self.bulk(q, m.mean())
        surface = bulk - s.sum(1)
        theta = self.theta(bulk, surface)
        amount = bulk
        if n["dependence"] == slots.BY_CONCENTRATION:
            amount = bulk / (bulk * n["volume_na"] + (1 - bulk) * n["volume_k"])
        fresh = n["charge_transfer"] * (n["reference"] + n["floor"]) / (amount + n["floor"])
        contact = (1 - phi) * (1 - psi)
        share = m / (m + n["deposit_edge"])
        gain = 1 + (1 / n["deposit_contact"] - 1) * m / (m + n["deposit_spread"])
        level = (1 - share) * self.emf(surface)
        return bulk, surface, theta, contact, fresh / contact / gain, share, level

    def currents(self, y, current=None, voltage=None):
        """Currents of the patches, faradaic currents (mA/cm²) and the cell's."""
        n = self.n
        _, v, *_, vc = self.split(y)
        _, _, theta, _, ohms, share, level = self.parts(y)
        if current is None:
            current = 1e3 * (voltage - v.mean() - vc) / (n["electrolyte"] + n["sheet"])
        eta = v.mean() + 1e-3 * n["sheet"] * current
        each = 1e3 * (eta - v) / n["sheet"]
        drive = v - level
        if n["kinetics"] == slots.BUTLER_VOLMER:
            drive = 2 * n["thermal_voltage"] * np.sinh(drive / 2 / n["thermal_voltage"])
        seen = share + (1 - share) * theta
        return each, 1e3 * seen * drive / ohms, current, eta

    def rates(self, t, y, current=None, voltage=None):
        n = self.n
        s, v, phi, m, psi, _, _, vc = self.split(y)
        bulk, surface, theta, contact, _, share, _ = self.parts(y)
        each, faradaic, total, _ = self.currents(y, current, voltage)
        # A surface at saturation: the march holds it there, here a steep spring does.
        spring = 1e5 * np.clip(surface - n["saturation"], 0, None)
        taken = np.where(faradaic < 0, np.minimum(faradaic + spring, 0), faradaic)
        if n["layer"] == slots.NO_LAYER:
            taken = np.where((faradaic < 0) & (bulk >= n["saturation"]), 0, faradaic)
        flux = np.where(faradaic > 0, (1 - share) * faradaic, taken)
        decay = self.decay / self.tau[:, None]
        ds = -decay * (s - self.weights * (flux / self.kappa)[:, None])
        c_all = contact * n["pseudo_capacitance"] * theta ** n["capacitance_power"]
        c_all = c_all / np.cosh(np.minimum(np.abs(v) / 2 / n["capacitance_width"], 300)) ** 2
        dv = 1e-3 * (each - faradaic) / (c_all + n["double_layer"])
        u = 1 - theta
        grow = 0.0
        if n["loss"] == slots.POWER_LOSS:
            grow = n["loss_rate"] * u ** n["loss_power"]
        elif n["loss"] == slots.THRESHOLD_LOSS:
            grow = n["loss_rate"] * np.clip(u - n["loss_onset"], 0, None) / (1 - n["loss_onset"])
        refill = np.clip(-faradaic, 0, None) / 3600 / n["loss_refill"]
        dphi = grow * (1 - phi) - phi / n["loss_heal"] - phi * refill
        dm = (flux - faradaic) / 3600 - m / n["deposit_time"]
        over = np.clip(np.abs(faradaic) - n["motion_current"], 0, None)
        dpsi = (np.minimum(n["motion_loss"] * over, 0.95) - psi) / n["motion_time"]
        local = max(-total, 0) / n["deposit_contact"] / np.mean(contact)
        dc = n["filament_rate"] * max(local - n["filament_current"], 0)
        if n["filament"] != slots.LINEAR_DAMAGE:
            dc = 0.0
        side = n["counter_plate"] if total > 0 else n["counter_strip"]
        dvc = (1e-3 * total - vc / side) / n["counter_capacitance"] if side else 0.0
        patch = np.column_stack([ds, dv, dphi, dm, dpsi])
        return np.concatenate([patch.ravel(), [total / 3600, dc, dvc]])

    def voltage(self, y, current):
        """Voltage of the cell under a current (V)."""
        eta = self.currents(y, current)[3]
        return 1e-3 * current * self.n["electrolyte"] + eta + y[-1]
