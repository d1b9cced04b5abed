"""What plugins answer on the screen, consumed and checked: for the inside of the boundary, in the call's own thread.

Blocks are sound by themselves, for they are checked when they are made. What does not fit is a `Misfit`, which the
boundary turns into a failure with the plugin's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from partners_crm.plugins.answers import Misfit, taken
from partners_crm.plugins.block_checks import record_id
from partners_crm.plugins.blocks import BLOCKS, Block, Cell, Text
from partners_crm.plugins.screens import Open, Reply, Said, Show


def blocks_of(result: object) -> tuple[Block, ...]:
    """The blocks that a view or a tab answered.

    Raises:
        Misfit: it is no list of blocks.
    """
    return taken(result, BLOCKS, "blocks")


def reply_of(result: object) -> Reply:
    """What a selection or an action answered.

    Raises:
        Misfit: it is none of `Show`, `Open`, `Said` and None, or one that is not what it should be.
    """
    if result is None:
        return None
    if not isinstance(result, (Show, Open, Said)):
        raise Misfit(f"it answered {type(result).__name__} instead of Show, Open, Said or None")
    texts: dict[str, object] = {}
    if isinstance(result, Show):
        texts = {"title": result.title}
        result = replace(result, blocks=blocks_of(result.blocks))
    elif isinstance(result, Said):
        texts = {"text": result.text, "hint": result.hint}
    else:
        texts = {"entity": result.entity, "query": result.query}
        record_id(result, "id", least=0)
    for name, text in texts.items():
        if not isinstance(text, str):
            raise Misfit(f"it answered {type(result).__name__} whose {name} is no text")
    return result


def texts_of(result: object, ids: Iterable[int]) -> Mapping[int, Text]:
    """The texts that a column answered for a page of rows; what it was not asked for is left out.

    Raises:
        Misfit: it is no mapping of ids to texts.
    """
    if not isinstance(result, Mapping):
        raise Misfit(f"it answered {type(result).__name__} instead of a mapping of ids to texts")
    found: dict[int, Text] = {}
    for key in ids:
        text = result.get(key)
        if text is None:
            continue
        if not isinstance(text, (str, Cell)):
            raise Misfit(f"it answered a mapping with {type(text).__name__} in it, instead of texts")
        found[key] = text
    return MappingProxyType(found)
