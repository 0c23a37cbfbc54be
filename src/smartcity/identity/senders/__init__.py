"""Senders whom a dispatcher limits or bans for a time. Who they are nobody is told."""
