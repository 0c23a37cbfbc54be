"""Identity providers (OpenID Connect): which are trusted, their keys, and what their tokens say.

What a token then opens is not decided here, but in `citizens/` and `staff/`.
"""
