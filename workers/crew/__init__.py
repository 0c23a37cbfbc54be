"""Who does what in one process: every duty, put together by subject.

`doors.py` are the ways out of the house, `posts.py` the channels that letters go by, `crew.py`
performs the duties; a module for each subject says which duties it has. What a duty does stands
beside this folder, a module each.
"""
