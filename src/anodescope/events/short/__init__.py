"""Short circuits, in the voltage and in the impedance."""
