"""What a list of records has beside its own: columns of plugins, marks, and actions of plugins on what is marked."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding

from partners_crm.errors import PartnersError
from partners_crm.services.listing import Listing
from partners_crm.tui.plugged.screen import PluginScreen
from partners_crm.tui.sources import ListingSource
from partners_crm.tui.widgets.table import VirtualTable

if TYPE_CHECKING:  # the first paint does without plugins
    from partners_crm.model import Table
    from partners_crm.plugins.blocks import Ref
    from partners_crm.plugins.policy import Owned
    from partners_crm.plugins.screens import Column


class PluginList(PluginScreen):
    """A list of the records of one entity."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("c", "columns", "Choose columns", show=False, id="records.columns"),
        Binding("space", "mark", "Mark the record", show=False, id="records.mark"),
        Binding("a", "mark_all(1)", "Mark all that are listed", show=False, id="records.mark_all"),
        Binding("A", "mark_all(0)", "Mark none", show=False, id="records.mark_none"),
    ]

    entity: str
    """The plural by which the list was asked for."""

    @property
    @abstractmethod
    def table(self) -> type[Table]:
        """The entity."""

    @property
    @abstractmethod
    def list(self) -> VirtualTable:
        """The list."""

    @abstractmethod
    def action_reload(self) -> None:
        """Read the list anew."""

    @abstractmethod
    def _say(self) -> None:
        """Say what the list is of."""

    # ---------------------------------------------------------------- columns

    @property
    def _chosen(self) -> tuple[str, ...]:
        return self.house.columns.get(self.entity, ())

    def _with_columns(self, listing: Listing) -> ListingSource:
        """The list in the columns that were chosen for its entity in this run."""
        chosen = self._chosen
        if self.house.plugins.is_shared:
            from partners_crm.tui.plugged.shared import shared_columns  # only while others look on

            shown = {column.name for column in shared_columns(listing)}
            core = [column.name for column in listing.columns]
            chosen = tuple(name for name in chosen or core if name in shown or name not in core)
        if not chosen:
            return ListingSource(self.crm, listing)
        owned = [each for each in self._offered_columns() if each.full_name in chosen]
        if not owned:
            return ListingSource(self.crm, listing, chosen)
        from partners_crm.tui.plugged.columns import PluginColumns  # a list without one does without

        more = PluginColumns(self.house.plugins, owned, self._arrived, self._column_failed)
        return ListingSource(self.crm, listing, chosen, more)

    def _offered_columns(self) -> Sequence[Owned[Column]]:
        return self.house.plugins.columns(self.table.entity.name)

    def _arrived(self, ids: Sequence[int]) -> None:
        if self.is_mounted:
            self.list.refresh_page(ids)

    def _column_failed(self, owned: Owned[Column], error: PartnersError) -> None:
        from partners_crm.tui.plugged.bridge import failed_line

        if self.is_mounted:
            self.house.notice(failed_line(owned), error.message, error=True)

    def action_columns(self) -> None:
        """Choose which columns the list has, and in which order."""
        from partners_crm.tui.screens.columns import Columns, Offer

        own = [Offer(each.name, each.label) for each in self._listing_columns()]
        more = [Offer(each.full_name, each.item.label, each.owner.plugin) for each in self._offered_columns()]

        def chosen(names: tuple[str, ...] | None) -> None:
            if names is not None:
                self.house.columns[self.entity] = names
                self.action_reload()

        # Those of plugins stand behind the first one: a narrow list shows the first ones.
        self.house.push_screen(
            Columns([*own[:1], *more, *own[1:]], self._chosen or [each.name for each in own]), chosen
        )

    def _listing_columns(self) -> Sequence[Any]:
        source = self.list.source
        return source.listing.columns if isinstance(source, ListingSource) else source.columns

    # ---------------------------------------------------------------- marks and actions

    @property
    def plugin_scope(self) -> str:
        """The list of the entity."""
        return self.table.entity.plural

    def plugin_refs(self) -> tuple[Ref, ...]:
        """The marked records, else the one under the cursor."""
        from partners_crm.plugins.blocks import Ref

        ids = self.list.marked_ids or ((self.list.cursor_id,) if self.list.cursor_id is not None else ())
        return tuple(Ref(self.table.entity.name, key) for key in ids)

    def action_mark(self) -> None:
        """Mark the record under the cursor, or no longer."""
        self.list.mark()
        self._say()

    def action_mark_all(self, on: int) -> None:
        """Mark all records that are listed, or none."""
        self.list.mark_all(on=bool(on))
        self._say()
