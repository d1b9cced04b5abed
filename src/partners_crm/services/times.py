"""Instants as a person reads them."""

from __future__ import annotations

from datetime import datetime, tzinfo


def local(instant: str, zone: tzinfo) -> str:
    """A UTC instant of the journal in a time zone: "2026-11-24 09:15"; "" of one that was lost."""
    if not instant:
        return ""
    return datetime.fromisoformat(instant).astimezone(zone).strftime("%Y-%m-%d %H:%M")
