"""Reports: one problem told by one citizen, from its submission to its end.

`model` is what a report is and `requests` what people send. `submission` makes a report of it;
`routing` and `deadlines` are the city's answers on arrival. `lifecycle` is the table of what may
happen to it, by whichever of its `parties`; `needs` and `effects` are what an action takes and
does, `steps` takes one, in its `circumstances`; `tasks` are what its agency asks of others. `views`
says who sees what in which of the `shapes` (`privacy` hides numbers in a text), `answers` are the
pack's for one report, `similar` finds what somebody else told before, `events` is what the feed
hears. `service` says what happens, in order, and `store` keeps the documents. `imports` brings
reports from another system. Nothing here sends, draws or counts: whoever does so hears of it in the
feed.
"""
