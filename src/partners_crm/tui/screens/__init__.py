"""The screens; each module is imported when its screen is first opened."""
