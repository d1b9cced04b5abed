"""The relationship memory of a statewide coalition: its members, silos, legislative districts and gaps.

Importing the package loads nothing else; a public name is loaded when it is first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module

from partners_crm.version import __version__

TYPE_CHECKING = False  # typing costs more to load than the version to print; type checkers know the name

if TYPE_CHECKING:
    from partners_crm.crm import Crm as Crm
    from partners_crm.errors import PartnersError as PartnersError

_PUBLIC = {
    "Crm": "partners_crm.crm",
    "PartnersError": "partners_crm.errors",
}

__all__ = ["Crm", "PartnersError", "__version__"]


def __getattr__(name: str) -> object:
    """Load a public name at its first use.

    Raises:
        AttributeError: the name is not public.
    """
    try:
        module = _PUBLIC[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return getattr(import_module(module), name)
