"""The log-Gaussian process: γ = exp(u), with its smoothness, noise and terms found by evidence."""
