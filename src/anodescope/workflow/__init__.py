"""Workflows compose rooms and hold the order of work; no mathematics is done here."""
