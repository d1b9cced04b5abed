"""A column in the list of organizations: when each was visited last."""

from __future__ import annotations

from collections.abc import Mapping

from partners_crm.plugins import Column, PluginContext
from partners_crm_example.visits import last_days_of


def values(context: PluginContext, ids: tuple[int, ...]) -> Mapping[int, str]:
    """The texts of a page of rows; it is called once for all of them."""
    return last_days_of(context, ids)


column = Column(name="last_visit", entity="organization", label="Last visit", values=values, width=10)
