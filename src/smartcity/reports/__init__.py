"""Reports: one problem told by one citizen, from its submission to its end.

`model` is what a report is, `lifecycle` the table of what may happen to it, `needs`, `effects` and
`steps` what an action takes and does, `routing` and `deadlines` the city's answers on arrival,
action changes, `routing` and `deadlines` the city's answers on arrival, `views` who sees what of
it, `events` what the feed hears, `service` what happens, in order, and `store` the documents.
"""
