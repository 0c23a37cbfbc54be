"""What staff and the city's clock did, for auditors: append-only, and chained so that it shows.

`records` keeps what no timeline tells; `entries` says which events of the feed are audited and
what is kept of them; `chain` binds each entry to all before it; `verification` walks the chain;
`heads` tells the world where it stood each day; `log` reads it. Nothing here decides whether
something may be done, and nothing here removes an entry: the log outlives the feed.
"""
