"""Attachments: photos and documents, from the phone's first byte to what people may look at.

`media` is what may come in, `images` and `pdf` how each kind is made safe, `examination` runs them
in a process of its own and `examiner` starts that process; `files` keeps the bytes (a folder or
S3), `store` their documents, `service` says what happens in order. Nothing here knows what a report
is: what must be asked of reports goes through `model.AttachmentAudience`.
"""
