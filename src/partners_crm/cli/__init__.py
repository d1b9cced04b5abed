"""The command `partners`: one of the two faces, and a composition root."""
