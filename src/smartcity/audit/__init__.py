"""What staff did, for auditors: append-only.

`records` keeps what no timeline tells. Nothing here decides whether something may be done.
"""
