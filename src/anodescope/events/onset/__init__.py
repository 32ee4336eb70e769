"""Onset of instability in staircases, and degradation in tests of the critical current."""
