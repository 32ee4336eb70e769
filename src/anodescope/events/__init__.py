"""What happened and when: takes a Campaign, gives its events node."""

from anodescope.events.record import find_events

__all__ = ["find_events"]
