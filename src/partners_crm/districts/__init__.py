"""Legislative districts: maps, where a point lies, and when a district is covered. Pure Python, no compiled module."""
