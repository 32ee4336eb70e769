"""Can a spectrum be trusted? Kramers–Kronig, drift and linearity, and what is trimmed on record."""
