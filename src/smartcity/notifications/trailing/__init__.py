"""Not ringing for each of several things that happen to one subject within a minute."""
