"""Peaks of γ: found in each spectrum, followed through time, named by rules."""
