"""Who calls: devices, staff, machines, and the tokens, passwords and secrets they are known by.

Here live the accounts of each kind (`devices/`, `staff/`, `keys/`), the one door for every token
(`credentials`), the count of wrong secrets (`attempts/`) and the cipher of personal data
(`personal`). What a caller may do is not decided here, but in `api/permissions.py` and in each
slice's rules.
"""
