"""Firebase Cloud Messaging, HTTP v1: the one room that knows firebase_admin.

The library gives credentials (`tokens.py`), the message model (`forms.py`) and the kinds of errors
(`answers.py`). Its own sender is not used: it costs 1.7 ms of CPU a message, refreshes its token
inside the event loop, and retries neither 429 nor a broken connection. `sender.py` and `topics.py`
are ours, on pyreqwest; `opening.py` opens both, over one account and its tokens.

https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
"""
