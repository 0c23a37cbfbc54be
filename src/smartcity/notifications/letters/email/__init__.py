"""E-mail: whose addresses it knows, how a mail is written, and the SMTP server that takes it.

`owners.py` is what people do about their own address, `readers.py` whom mail reaches and where,
`writing.py` the mail itself, `carrier.py` the way to the server and `answers.py` what its answers
mean.
"""
