"""Telling people what happened: who hears of what, in which words, the inbox, and push.

`audience.py` says who is told, `messages.py` in which words, `inbox.py` what a person reads,
`alerts.py` the alerts among it, `following/` what they asked to hear about and `choices/` through
which channels, `digests/` the week in figures. `trailing/` says when pushes leave, `push.py` is the
door to people's phones, `fcm/` what stands behind it, `pace.py` how fast things leave. When
something is written or sent is the workers' business (`workers/notifier.py`, `workers/pusher.py`).
This room reads no reports, no dossiers and no alerts: it asks through its protocols.
"""
