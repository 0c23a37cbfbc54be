"""E-mail addresses of accounts and staff: given, confirmed, failing, stopped; kept encrypted."""
