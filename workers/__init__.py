"""What goes on while nobody waits for it: publishing, telling, pushing, tidying up.

`crew/` puts the duties together and `main` begins them; there is a module for each, `duty` performs
them again and again, `scheduler` is the clock. Every process runs every duty, and a lease decides
which one does the work. A duty may die at any line and be done again; what a rule is, it asks of
`smartcity`.
"""
