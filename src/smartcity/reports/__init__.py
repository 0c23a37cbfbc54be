"""Reports: one problem told by one citizen, from its submission to its end.

`model` is what a report is, `lifecycle` the table of what may happen to it, `needs` and `effects`
what an action takes and does, `steps` takes one, `routing` and `deadlines` are the city's answers
on arrival, `views` says who sees what, `events` what the feed hears, `service` what happens, in
order, and `store` keeps the documents. `imports` brings reports from another system.
"""
