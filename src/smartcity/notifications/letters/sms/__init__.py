"""Text messages, which cost money: to callers, who have no app.

`wording.py` says what they read, `segments.py` in how many parts, `budget.py` whether the month can
pay for them; `gateway.py` is the file that describes the way out, `posting.py` the way itself, and
`carrier.py` takes a letter through all of it. Numbers and secrets pass through here and are kept
nowhere.
"""
