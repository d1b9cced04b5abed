"""Lines and boxes to type in that can hold nothing a terminal acts on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from textual.suggester import Suggester, SuggestFromList
from textual.widgets import Input, TextArea
from textual.widgets.text_area import Edit, EditResult

from partners_crm.normalize.text import UNSAFE, show, show_lines

# Everything `show` would change is refused as it is typed or pasted.
_HARMLESS = f"[^{UNSAFE}]*"


class Entry(Input):
    """An input whose value is always harmless: what it is given passes the door, what is typed is checked."""

    DEFAULT_CSS = """
    Entry { border: none; height: 1; padding: 0; background: $panel; width: 1fr; }
    Entry:focus { border: none; background: $primary 20%; }
    """

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        choices: tuple[str, ...] = (),
        suggester: Suggester | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(
            show(value, 100_000),
            placeholder=show(placeholder),
            restrict=_HARMLESS,
            suggester=SuggestFromList(choices, case_sensitive=False) if choices else suggester,
            select_on_focus=bool(choices),  # a choice is replaced, not appended to
            id=id,
        )

    @property
    def typed(self) -> str:
        """The text as it stands."""
        return self.value

    def put(self, text: str) -> None:
        """Replace the text."""
        self.value = show(text, 100_000)
        self.cursor_position = len(self.value)

    def offer(self, names: list[str]) -> None:
        """Complete what is typed from these; a name that would have to be altered to be shown is not offered."""
        self.suggester = SuggestFromList([name for name in names if name == show(name)], case_sensitive=False)


class Notes(TextArea):
    """A box for text of several lines; every edit of it, a paste too, passes the door."""

    DEFAULT_CSS = """
    Notes { border: none; height: 4; padding: 0; background: $panel; width: 1fr; }
    Notes:focus { border: none; background: $primary 20%; }
    """

    def __init__(self, value: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("\n".join(show_lines(value, 100_000, 10_000)), id=id, tab_behavior="focus", compact=True)

    @property
    def typed(self) -> str:
        """The text as it stands."""
        return self.text

    def put(self, text: str) -> None:
        """Replace the text."""
        self.text = "\n".join(show_lines(text, 100_000, 10_000))

    def edit(self, edit: Edit) -> EditResult:
        """Make what is put in harmless, then put it in."""
        return super().edit(replace(edit, text=_harmless_lines(edit.text)))


class FileSuggester(Suggester):
    """Completes the path of a file; names that would have to be altered to be shown are not offered."""

    def __init__(self, suffixes: tuple[str, ...]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.suffixes = suffixes

    async def get_suggestion(self, value: str) -> str | None:
        """The first folder or fitting file that the path begins."""
        if not value:
            return None
        try:
            typed = Path(value).expanduser()
            folder, start = (typed, "") if value.endswith("/") else (typed.parent, typed.name)
            found = sorted(each for each in folder.iterdir() if each.name.startswith(start or "") and each != typed)
            for each in found:
                is_folder = each.is_dir()
                if each.name[0] != "." and (is_folder or each.suffix.lower() in self.suffixes):
                    rest = each.name[len(start) :] + ("/" if is_folder else "")
                    return value + rest if rest == show(rest) else None
        except (OSError, RuntimeError):  # RuntimeError: ~name of nobody
            return None
        return None


def _harmless_lines(text: str) -> str:
    # show_lines gives no empty last line, which an edit may well end with.
    ending = "\n" if text.endswith(("\n", "\r")) else ""
    return "\n".join(show_lines(text, 100_000, 10_000)) + ending if text else ""
