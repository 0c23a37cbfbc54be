"""Working time: when an agency works, and what a number of working hours means on its clock.

Pure: no database, no present moment. Deadlines are the slices' own; here is only the counting.
"""
