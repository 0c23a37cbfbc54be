"""The HTTP surface: what is asked is parsed here, one service is called, the answer is dressed.

`app` composes, `parts` builds what handlers are handed; `auth`, `limits` and `conditional` stand
before every handler, `permissions` is the table of who may call what, `errors` the one translator
of refusals, `document` describes it all. Handlers stand in a folder for each kind of caller. No
rule of the city lives here, and nothing here speaks to the database.
"""
