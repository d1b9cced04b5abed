"""A line to type in that can hold nothing a terminal acts on."""

from __future__ import annotations

from textual.suggester import SuggestFromList
from textual.widgets import Input

from partners_crm.normalize.text import show

# Everything `show` would change is refused as it is typed or pasted.
_HARMLESS = r"[^\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]*"


class Entry(Input):
    """An input whose value is always harmless: what it is given passes the door, what is typed is checked."""

    DEFAULT_CSS = "Entry { border: none; height: 1; padding: 0; background: $panel; }"

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        choices: tuple[str, ...] = (),
        id: str | None = None,  # noqa: A002
        password: bool = False,
    ) -> None:
        super().__init__(
            show(value, 100_000),
            placeholder=show(placeholder),
            restrict=_HARMLESS,
            suggester=SuggestFromList(choices, case_sensitive=False) if choices else None,
            select_on_focus=False,
            password=password,
            id=id,
        )
