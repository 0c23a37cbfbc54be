"""A key for each person whose personal data is kept: without it, that data is gone."""
