"""Where things are: units, their boundaries, tile arithmetic, distances, geocoding.

`current` holds the areas in use: true ones (`boundaries`, `polygons`) once they were imported,
`nearest` points of units until then. `places` finds units by what people call them.
Nothing here knows what happens at a place. Only `store.py` speaks to the database, only `shapes.py`
to shapely and only `nominatim.py` to geopy.
"""
