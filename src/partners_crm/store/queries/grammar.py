"""How a query is read.

    query  = group ("OR" group)*            one of the groups must hold
    group  = ("AND"? item)*                 every item must hold
    item   = ["-" | "NOT"] (term | "(" query ")")
    term   = field ["@" date] ":" value ("," value)*  |  word
    value  = word | quoted text
    field  = name ("." name)*

Text in quotes, straight or curly, is text: no comma, parenthesis, colon, OR or operator in it means anything.
"""

from __future__ import annotations

import re

from partners_crm.errors import QueryError
from partners_crm.normalize.text import fold
from partners_crm.store.queries.tree import All, Either, Node, Not, Term, Value

MAX_LENGTH = 500
"""Characters of a query."""
MAX_TERMS = 32
"""Conditions of a query; every value of a list is one."""
MAX_DEPTH = 8
"""Parentheses and negations within each other."""

_NAME = r"[A-Za-z_](?:[A-Za-z0-9_]|-(?=[A-Za-z0-9_]))*"
FIELD = re.compile(rf"({_NAME}(?:\.{_NAME})*)(?:@([A-Za-z0-9-]*))?:")
_OPENING = '"“”„'
_CLOSING = re.compile('["“”]')
_DATE = re.compile(r"ever|\d{4}(-\d\d(-\d\d)?)?", re.ASCII)
OPERATORS = frozenset({"OR", "AND", "NOT"})


def parse(text: str, *, typing: bool = False) -> Node:
    """The tree of a query; an empty query has no parts and selects all.

    With `typing` the end of the text is still being typed: what is not closed there counts as closed, and a sign
    that says nothing yet is left out.

    Raises:
        QueryError: the query cannot be read, is too long, too deep or of too many terms, or a term says nothing.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(f"a query has at most {MAX_LENGTH} characters, this one has {len(text)}")
    return _Reader(text, typing).whole()


def field_name(name: str) -> str:
    """A name as fields are known: small letters, "_" between words."""
    return name.lower().replace("-", "_")


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str, typing: bool) -> None:
        self.text = text
        self.typing = typing
        self.place = 0
        self.count = 0

    def whole(self) -> Node:
        found = self._either(0)
        if self._peek() == ")":
            raise QueryError(
                f"the ) at character {self.place + 1} closes nothing", "put text with a parenthesis in quotes"
            )
        return found

    def _peek(self) -> str:
        """The next character that is no blank, "" at the end."""
        text = self.text
        while self.place < len(text) and text[self.place].isspace():
            self.place += 1
        return text[self.place : self.place + 1]

    def _operator(self, word: str) -> bool:
        """Whether an operator stands next; it is passed."""
        self._peek()
        end = self.place + len(word)
        if not self.text.startswith(word, self.place) or self.text[end : end + 1].strip() not in {"", "(", ")"}:
            return False
        self.place = end
        return True

    def _either(self, depth: int) -> Node:
        parts = [self._all(depth)]
        while self._operator("OR"):
            place, is_last = self.place, self._at_end()
            parts.append(self._all(depth))
            if All(()) in (parts[-2], parts[-1]):
                if not is_last:
                    raise QueryError(
                        f"the OR before character {place + 1} has nothing on one side",
                        'write a OR b; the word itself stands in quotes: "OR"',
                    )
                parts.pop()
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all(self, depth: int) -> Node:
        parts: list[Node] = []
        while (sign := self._peek()) and sign != ")":
            here = self.place
            if self._operator("OR"):
                self.place = here
                break
            if self._operator("AND"):
                if not parts or self._joins_nothing():
                    if self._at_end() and parts:
                        break
                    raise QueryError(
                        f"the AND at character {here + 1} has nothing on one side",
                        'terms stand side by side: a blank means and; the word itself stands in quotes: "AND"',
                    )
                continue
            item = self._item(depth)
            if item is not None:
                parts.append(item)
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _joins_nothing(self) -> bool:
        """Whether no term follows; an operator that is the last word and still being typed is passed."""
        here = self.place
        if (self._operator("OR") or self._operator("AND")) and not self._at_end():
            self.place = here
            return True
        return self._peek() in {"", ")"}

    def _item(self, depth: int) -> Node | None:
        """A term or a group; None for one that is only begun."""
        if depth >= MAX_DEPTH:
            raise QueryError(
                f"a query nests at most {MAX_DEPTH} deep; character {self.place + 1} is deeper",
                "write fewer parentheses, or save a part: saved:NAME",
            )
        here = self.place
        if self.text[here] == "-" or self._operator("NOT"):
            self.place = max(self.place, here + 1)
            word = self.text[here : self.place]
            if word == "-" and self.text[self.place : self.place + 1].strip() in {"", ")"}:
                self._begun(f"the minus at character {here + 1} says nothing", "write it before a term: -tag:food")
                return None
            if self._peek() in {"", ")"}:
                self._begun(f"the {word} at character {here + 1} says nothing", "write it before a term")
                return None
            item = self._item(depth + 1)
            return None if item is None else Not(item)
        if self.text[here] == "(":
            return self._group(depth)
        return self._term()

    def _group(self, depth: int) -> Node | None:
        here = self.place
        self.place += 1
        found = self._either(depth + 1)
        if self._peek() != ")":
            if not self.typing:
                raise QueryError(
                    f"the ( at character {here + 1} is not closed", "write the ), or put the text in quotes"
                )
        else:
            self.place += 1
        if found == All(()):
            self._begun(f"the parentheses at character {here + 1} are empty", "write a term into them")
            return None
        return found

    def _at_end(self) -> bool:
        """Whether the text ends here and is still being typed."""
        return self.typing and not self.text[self.place :].strip()

    def _begun(self, message: str, hint: str) -> None:
        if not self._at_end():
            raise QueryError(message, hint)

    def _term(self) -> Term | None:
        start = self.place
        named = FIELD.match(self.text, start)
        if named is None:
            values: tuple[Value, ...] = (self._value(""),)
        else:
            self.place = named.end()
            values = self._values(named[0])
        is_open = self.typing and self.place == len(self.text) and not self.text[-1:].isspace()
        written = self.text[start : self.place]
        self.count += max(1, len(values))
        if self.count > MAX_TERMS:
            raise QueryError(f"a query has at most {MAX_TERMS} conditions, and {written} is one more")
        if named is None:
            if not fold(values[0].text):
                if is_open:
                    return None
                raise QueryError(f"{written} says nothing", "a term is a word, or field:value")
            return Term("", values, "", start, self.place, is_open)
        as_of = (named[2] or "").lower()
        if named[2] is not None and not _DATE.fullmatch(as_of):
            raise QueryError(
                f"{named[0]} asks for no date", f"write {named[1]}@2010:, {named[1]}@2010-07-14: or {named[1]}@ever:"
            )
        return Term(field_name(named[1]), values, as_of, start, self.place, is_open)

    def _values(self, named: str) -> tuple[Value, ...]:
        """The values after a colon; an empty one is refused, but where it is being typed."""
        found: list[Value] = []
        while True:
            value = self._value(",")
            has_more = self.text[self.place : self.place + 1] == ","
            if not value.text.strip():
                if not (self.typing and self.place == len(self.text)):
                    raise QueryError(f"{named} needs a value", f"for example {named}something")
            else:
                found.append(value)
            if not has_more:
                return tuple(found)
            self.place += 1

    def _value(self, stop: str) -> Value:
        """A word up to a blank, `stop` or a closing parenthesis that is not its own; or what stands in quotes."""
        text, start = self.text, self.place
        if text[start : start + 1] and text[start] in _OPENING:
            closing = _CLOSING.search(text, start + 1)
            self.place = len(text) if closing is None else closing.end()
            return Value(text[start + 1 : len(text) if closing is None else closing.start()], is_quoted=True)
        inner = 0
        while self.place < len(text):
            sign = text[self.place]
            if sign.isspace() or (stop and sign == stop and not inner):
                break
            if sign == "(":
                inner += 1
            elif sign == ")":
                if not inner:
                    break
                inner -= 1
            self.place += 1
        return Value(text[start : self.place])
