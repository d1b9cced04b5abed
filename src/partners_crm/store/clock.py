"""The clock, which a test replaces."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present instant, with its time zone."""


def utc_now() -> datetime:
    """The present instant; the clock every handle starts with."""
    return datetime.now(UTC)
