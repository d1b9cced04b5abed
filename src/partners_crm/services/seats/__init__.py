"""The seats of the legislature and who holds them: dated terms, vacancies, rosters, and corrections by hand.

What is named here answers who holds a seat on a day; it loads no parser. Loading a roster and correcting by hand stand
in modules of their own.
"""

from __future__ import annotations

from partners_crm.services.seats.holding import STATUSES, Holder, holders, seat_of, seats

__all__ = ["STATUSES", "Holder", "holders", "seat_of", "seats"]
