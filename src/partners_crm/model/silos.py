"""The service silos: the fields of work that compete for the same money."""

from __future__ import annotations

from partners_crm.model.base import EntityInfo, Table
from partners_crm.model.fields import text

CANONICAL_SILOS = (
    ("child_welfare", "Child welfare", "CW"),
    ("child_development", "Child development", "CD"),
    ("disability", "Disability programs", "DD"),
    ("anti_poverty", "Anti-poverty", "AP"),
    ("juvenile_justice", "Juvenile justice", "JJ"),
    ("aging", "Aging", "AG"),
    ("mental_health_substance_abuse", "Mental health and substance abuse", "BH"),
    ("housing", "Housing", "HO"),
    ("low_income_working_families", "Low-income working families", "WF"),
)
"""(code, name, display label) of the nine silos a new coalition starts with, in the order of the case study."""


class Silo(Table):
    """A field of human service that competes with the others for the same money."""

    entity = EntityInfo(
        "silo", "silos", "name", "A service field; the nine to start with can be renamed or extended.", searched=True
    )

    code = text("Code", required=True, unique=True, help="Never changes: queries and exports use it.")
    name = text("Name", required=True)
    label = text("Label", help="Two letters for narrow columns.")
