"""What the clock does with reports: it warns, raises, reminds, announces, closes and gives up.

A report carries its alarm: what is done next, and when. `alarms` works it out whenever a step is
taken, so that a report which changed has another alarm by the same write; `ladder` says who is
above whom; `sweep` takes the steps whose time has come. What each step does stands in the lifecycle
table, as everybody else's steps do.
"""
