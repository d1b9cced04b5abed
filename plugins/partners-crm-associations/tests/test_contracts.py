"""The plugin keeps what is asked of every plugin: as a whole, and for its record types and its check."""

from __future__ import annotations

from typing import ClassVar

from partners_crm.testing import CheckContract, PluginContract, RecordTypeContract


class TestPlugin(PluginContract):
    pass


class TestCheck(CheckContract):
    name = "affiliations"
    finds: ClassVar = {"years": "2"}


class TestLane(RecordTypeContract):
    name = "lane"


class TestCompetition(RecordTypeContract):
    name = "competition"
