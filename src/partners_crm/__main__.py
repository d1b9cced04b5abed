"""`python -m partners_crm` is the command `partners`."""

from __future__ import annotations

from partners_crm.cli.main import main

if __name__ == "__main__":
    main()
