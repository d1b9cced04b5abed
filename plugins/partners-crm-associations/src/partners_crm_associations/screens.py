"""The screens of this plugin: loaded with the terminal UI alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partners_crm.plugins import hookimpl

if TYPE_CHECKING:
    from partners_crm.plugins import Action, Column, Tab, View


@hookimpl
def register_views() -> list[View]:
    """Overlap, contested members, reach, postures, competition."""
    from partners_crm_associations.views import VIEWS

    return list(VIEWS)


@hookimpl
def register_tabs() -> list[Tab]:
    """The association, the associations of an organization, the posture."""
    from partners_crm_associations.tabs import TABS

    return list(TABS)


@hookimpl
def register_columns() -> list[Column]:
    """Contested."""
    from partners_crm_associations.tabs import COLUMN

    return [COLUMN]


@hookimpl
def register_actions() -> list[Action]:
    """Record a posture, record and end competitions, ask who competes."""
    from partners_crm_associations.acting import ACTIONS

    return list(ACTIONS)
