"""How often wrong secrets and passwords were tried, and when it is enough."""
