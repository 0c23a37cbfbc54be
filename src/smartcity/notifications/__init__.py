"""Telling people what happened: who hears of what, in which words, the inbox, and push.

`audience.py` says who is told, `messages.py` in which words, `inbox.py` what a person reads,
`alerts.py` the alerts among it and `alert_reads/` which of those they read, `following/` what they
asked to hear about and `choices/` through which channels, `digests/` the week in figures.
`trailing/` says when pushes leave, `push.py` is the door to people's phones, `topics.py` and
`subscriptions/` by what many are told at once, `fcm/` what stands behind both, `pace.py` how fast
things leave, `retries.py` when again and `push_records.py` what became of them; `letters/` is what
goes by other channels. When something is written or sent is the workers' business
(`workers/notifier.py`, `workers/pusher.py`, `workers/letters.py`). This room reads no reports, no
dossiers and no alerts: it asks through its protocols.
"""
