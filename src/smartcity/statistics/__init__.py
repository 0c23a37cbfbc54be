"""Figures about how the city handles reports: what each means, how it is counted, who sees it.

They are counted from columns in memory, never from counters that could drift; whoever keeps such
columns hands them in (`columns.py`). Nothing here reads the database.
"""
