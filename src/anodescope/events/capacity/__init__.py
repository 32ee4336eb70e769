"""Critical capacity: the charge that was stripped until the voltage met its limit."""
