"""Telling people what happened: who hears of what, in which words, the inbox, and push.

`audience.py` says who is told, `messages.py` in which words, `inbox.py` what a person reads,
`follows.py` what they asked to hear about; `push.py` is the door to their phones, `fcm.py` the one
behind it. When something is written or sent is the workers' business (`workers/notifier.py`,
`workers/pusher.py`). This room reads no reports and no dossiers: it asks through its protocols.
"""
