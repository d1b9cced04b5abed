"""The hooks: what a plugin can implement, when each is called, and what a failure does.

An implementation is a plain function of the plugin's module, marked with `hookimpl`. Every hook returns a list of
descriptions; None and an empty list mean that there is nothing. Wrappers, coroutines and implementations that ask for
an order are refused: implementations never depend on each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from partners_crm.plugins.headless import (
    Command,
    Exporter,
    Geocoder,
    Importer,
    PluginCheck,
    PluginInfo,
    QueryField,
    Report,
)
from partners_crm.plugins.marks import hookspec

if TYPE_CHECKING:
    from partners_crm.model.record_types import RecordType  # what a headless command without record types does without
    from partners_crm.plugins.screens import Action, Column, Tab, View


class HeadlessHooks(Protocol):
    """The hooks of the entry-point group `partners_crm`: loaded by every command that needs plugins."""

    @hookspec
    def plugin_info(self) -> PluginInfo | None:
        """Say what the plugin is, which interface it fits, what it requires and what can be set.

        Called once, when the plugin is loaded, before any other hook. A plugin without it is called by its entry
        point and taken to fit this version. A failure keeps the plugin off. Since 1.
        """

    @hookspec
    def register_record_types(self) -> Iterable[RecordType]:
        """Declare the kinds of records that the plugin brings.

        Called once a run, when something of the plugin is asked of an open coalition. A type comes into a coalition
        with its first record, and reads as empty before; one that is there already is brought up to date when a
        command of the plugin is run, or the terminal UI begins: as one operation, which can be undone. A failure keeps
        the plugin off. Since 1.
        """

    @hookspec
    def register_importers(self) -> Iterable[Importer]:
        """Offer readers of file formats.

        Called once a run, before the first file is read. A failure leaves the plugin's formats out. Since 1.
        """

    @hookspec
    def register_exporters(self) -> Iterable[Exporter]:
        """Offer writers of file formats.

        Called once a run, before the first file is written. A failure leaves the plugin's formats out. Since 1.
        """

    @hookspec
    def register_geocoders(self) -> Iterable[Geocoder]:
        """Offer geocoders: `partners points find --with NAME`.

        Called once a run, when one is asked for. A failure leaves the plugin's geocoders out. Since 1.
        """

    @hookspec
    def register_checks(self) -> Iterable[PluginCheck]:
        """Offer checks: `partners check NAME`.

        Called once a run of `partners check` that names them or names none. A check that fails is an answer of the run,
        `failed`, with the plugin's name. Since 1.
        """

    @hookspec
    def register_reports(self) -> Iterable[Report]:
        """Offer reports: `partners report NAME`.

        Called once a run, when a report is asked for that is not the core's. Since 1.
        """

    @hookspec
    def register_commands(self) -> Iterable[Command]:
        """Offer commands: `partners NAME VERB`.

        Called once a run, when the word that was typed is no command of the core, and for the overview. A command with
        the name of one of the core is refused. Since 1.
        """

    @hookspec
    def register_query_fields(self) -> Iterable[QueryField]:
        """Offer words of the query language.

        Called once a run, when a query names a word that the core does not know, and for completion. Since 1.
        """


class ScreenHooks(Protocol):
    """The hooks of the entry-point group `partners_crm.tui`: loaded by the terminal UI alone."""

    @hookspec
    def register_views(self) -> Iterable[View]:
        """Offer views: the entries of screen 5.

        Called once, when the terminal UI has shown its first screen. A view that fails says so in its place. Since 1.
        """

    @hookspec
    def register_tabs(self) -> Iterable[Tab]:
        """Offer tabs of cards.

        Called once, when the terminal UI has shown its first screen. Since 1.
        """

    @hookspec
    def register_columns(self) -> Iterable[Column]:
        """Offer columns of lists.

        Called once, when the terminal UI has shown its first screen, and by `partners list --columns`. Since 1.
        """

    @hookspec
    def register_actions(self) -> Iterable[Action]:
        """Offer actions on records and in views.

        Called once, when the terminal UI has shown its first screen. Since 1.
        """
