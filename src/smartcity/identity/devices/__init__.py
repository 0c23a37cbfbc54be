"""Installed apps and browsers: a citizen needs no more to use everything."""
