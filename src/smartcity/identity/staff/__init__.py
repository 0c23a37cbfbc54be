"""Accounts of the agencies' people and their sessions: passwords, one-time codes, log-ins."""
