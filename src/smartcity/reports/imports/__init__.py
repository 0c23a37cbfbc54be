"""Taking in reports that another system has kept until now.

`mapping.py` is what a city writes about that system's file, `files.py` opens it, `histories.py` is
what can be told of a report's life, `reading.py` says what one row means, `importing.py` takes them
in.
"""
