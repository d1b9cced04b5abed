"""What things are: each entity is declared once, as an unbound table.

`ENTITIES` lists them so that a record stands after everything its required links point to. They are the core's own: a
coalition may hold record types of plugins beside them, and what there is in one says its handle (`Handle.entities`).
"""

from __future__ import annotations

from partners_crm.model.base import EntityInfo, Table
from partners_crm.model.custom import CustomField, CustomValue
from partners_crm.model.fields import Declared, declared, is_private
from partners_crm.model.finding import DistinctPair, SavedSearch
from partners_crm.model.installed import InstalledType
from partners_crm.model.journal import JOURNAL, Change, ChangeValues, Ledger, Operation, SourceRow
from partners_crm.model.organizations import Identifier, Organization, OtherName, ServiceLine, SiloShare, Site
from partners_crm.model.people import Contact, ContactPoint, Role
from partners_crm.model.places import Assignment, District, DistrictMap, MapFigure, Seat, Term
from partners_crm.model.rules import Rule, Snapshot
from partners_crm.model.settings import Setting
from partners_crm.model.silos import Silo
from partners_crm.model.ties import Affiliation, Membership, Posture, Tag, Tagging

ENTITIES: tuple[type[Table], ...] = (
    Setting,
    InstalledType,
    Silo,
    DistrictMap,
    MapFigure,
    District,
    Seat,
    Organization,
    OtherName,
    Identifier,
    Site,
    ServiceLine,
    SiloShare,
    Contact,
    Role,
    ContactPoint,
    Membership,
    Affiliation,
    Posture,
    Tag,
    Tagging,
    CustomField,
    CustomValue,
    Assignment,
    Term,
    Rule,
    Snapshot,
    SavedSearch,
    DistinctPair,
)

BY_NAME: dict[str, type[Table]] = {
    word: table for table in ENTITIES for word in (table.entity.name, table.entity.plural)
}
"""The core's entities by their singular and plural names."""

__all__ = [
    "BY_NAME",
    "ENTITIES",
    "JOURNAL",
    "Affiliation",
    "Assignment",
    "Change",
    "ChangeValues",
    "Contact",
    "ContactPoint",
    "CustomField",
    "CustomValue",
    "Declared",
    "DistinctPair",
    "District",
    "DistrictMap",
    "EntityInfo",
    "Identifier",
    "InstalledType",
    "Ledger",
    "MapFigure",
    "Membership",
    "Operation",
    "Organization",
    "OtherName",
    "Posture",
    "Role",
    "Rule",
    "SavedSearch",
    "Seat",
    "ServiceLine",
    "Setting",
    "Silo",
    "SiloShare",
    "Site",
    "Snapshot",
    "SourceRow",
    "Table",
    "Tag",
    "Tagging",
    "Term",
    "declared",
    "is_private",
]
