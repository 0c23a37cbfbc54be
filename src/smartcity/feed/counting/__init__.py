"""Figures of what was published."""
