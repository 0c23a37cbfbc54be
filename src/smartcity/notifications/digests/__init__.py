"""The week in a few figures, for whoever asked for it."""
