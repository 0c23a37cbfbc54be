"""API keys: the credentials of other systems."""
