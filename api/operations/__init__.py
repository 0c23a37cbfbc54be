"""What shows the city as a whole, the map, the live stream, the figures; and its own health."""
