"""Equivalent circuits: elements and circuits as objects, fitted from the DRT."""
