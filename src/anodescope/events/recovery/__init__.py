"""Recovery at rest: how the voltage and the resistances relax."""
