"""Taking dossiers in, many at once, from the systems that keep them.

`rows.py` says what one row means, `files.py` reads rows from a file, `importing.py` writes them.
"""
