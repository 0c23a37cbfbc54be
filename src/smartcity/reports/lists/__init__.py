"""Reports in lists: the public's, a reporter's own, an agency's queue. Read only.

`queries` says what is asked for, `store` asks.
"""
