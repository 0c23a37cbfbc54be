"""Reports in lists: the public's, a reporter's own, an agency's queue. Read only.

`model` says what may be asked of a queue, `queries` and `queue` put it into conditions, `store`
asks, `tally` is what was counted, `counts` remembers it for a moment.
"""
