"""“I see it too”: who confirms a report that somebody else sent, once for each person."""
