"""Taking in reports that another system has kept until now.

`mapping.py` is what a city writes about that system's file, `histories.py` what can be told of a
report's life, `rows.py` reads the file, `reading.py` says what one row means, `importing.py` takes
them in.
"""
