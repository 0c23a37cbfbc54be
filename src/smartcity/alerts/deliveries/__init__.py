"""Telling phones of what was published: one plan a message, and how far it got.

The plan is made by a consumer of the feed (`planning.py`), so that nothing which went out is ever
without one; whoever sends (`workers/alert_pushes.py`) takes it from the store and writes down how
far it is.
"""
