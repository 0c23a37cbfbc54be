"""MongoDB: the connection, the embedded server, leases, indexes and migrations.

Below everything else: it knows no feature, no setting and no city. What a collection holds is known
by the `store.py` of its feature alone.
"""
