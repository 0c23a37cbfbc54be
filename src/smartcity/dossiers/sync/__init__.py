"""Taking dossiers in, many at once, from the systems that keep them.

`files.py` says which files, `rows.py` which columns, `reading.py` what one row means, and
`importing.py` writes them.
"""
