"""What concerns one person over all slices: what is kept of them, and that it goes.

Here the slices are put together; none of them knows of this room.
"""
