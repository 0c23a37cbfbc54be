"""Letters: what goes to people by another way than push, an e-mail or a text message.

`model.py` says what a letter is, `rules.py` which of them go in one envelope, `writing.py` who gets
one; `post.py` holds the doors: whom a channel reaches, at which address, in which words, and who
carries it there. Behind them stands a room for each channel (`email/`, `sms/`). The worker's
`workers/letters.py` sends.

A letter never holds an address or a secret: both are looked up at the moment when it leaves, so
that who changes or takes away an address, or is erased, is written to no more.
"""
