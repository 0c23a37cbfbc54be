"""Files in which other systems hand over what they keep, a row for each thing.

`files.py` reads rows from a file, `rows.py` says what became of them. What a row means is known to
whoever takes it in, and nothing here.
"""
