"""The feed: the ordered log of everything that happened, and how things get into it and out.

`event` is what it carries, `outbox` how a document promises an event, `publisher` moves promises
into the log, `consumer` reads it and remembers its place, `tail` follows it without memory, and
`live` tells everybody who listens what of it is public.
What an event means to citizens or maps does not belong here.
"""
