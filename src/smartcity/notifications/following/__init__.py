"""Who follows what."""
