"""Reports: one problem told by one citizen, from its submission to its end.

`model` is what a report is, with its `dates` and its `timeline`, told in `words`; `document` is the
form of its parts, `store` keeps them. `requests` are what people send. On arrival, `intake` has a
report made of it by `submission`, with the city's answers of `routing` and `deadlines`, from one of
its `personal` reporters; it may have to wait (`holding`). `receipts` give whoever holds one the
reporter's rights.

`lifecycle` is the table of what may happen to it, by whichever of its `parties`; `needs` and
`effects` are what an action takes and does, `steps` takes one, in its `circumstances`, where the
`references` are found. `tasks` are what its agency asks of others, `merging` joins it to an earlier
one, `moderation` hides what is not for everybody, `clockwork` is what happens when nobody acts.
`service` says what happens, in order, and `events` is what the feed hears. `room` is how much a
report may hold, and `repeats` knows a step that is sent again.

`views` says who of its `viewers` sees what in which of the `shapes` (`privacy` hides numbers in a
text); `lists` finds many at once, `similar` what somebody else told before, which `confirmations`
tell too; `answers` are the pack's for one report, and `codes` are what a pack must not lose.
`imports` brings reports from another system. Nothing here sends, draws or counts: whoever does so
hears of it in the feed.
"""
