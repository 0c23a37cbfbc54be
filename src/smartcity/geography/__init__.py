"""Where things are: units, their boundaries, tile arithmetic, distances, geocoding.

Nothing here knows what happens at a place. Only `store.py` speaks to the database, only `shapes.py`
to shapely and only `nominatim.py` to geopy.
"""
