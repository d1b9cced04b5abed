"""Site visits: what the plugin offers in the terminal UI. No other command loads this module."""

from __future__ import annotations

from partners_crm.plugins import Action, Column, Tab, View, hookimpl
from partners_crm_example.action import action
from partners_crm_example.column import column
from partners_crm_example.tab import tab
from partners_crm_example.view import view


@hookimpl
def register_views() -> list[View]:
    """Visits, on screen 5."""
    return [view]


@hookimpl
def register_tabs() -> list[Tab]:
    """Visits, on the card of an organization."""
    return [tab]


@hookimpl
def register_columns() -> list[Column]:
    """The last visit, in the list of organizations."""
    return [column]


@hookimpl
def register_actions() -> list[Action]:
    """Note a visit."""
    return [action]
