"""What the OpenAPI document says of each parameter and of each thing in a body that does not say it
where it is declared. A test finds what neither says, and what is said of nothing.
"""

from collections.abc import Mapping
from typing import Final

PARAMETERS: Final[Mapping[str, str]] = {
    # --- of whom or what ------------------------------------------------------------------------
    "report_id": "The report's id.",
    "attachment_id": "The attachment's id.",
    "staff_id": "The account's id.",
    "webhook_id": "The webhook's id.",
    "code": "The dossier's code, as it stands on the receipt.",
    "purpose": "What the consent is for: a code of `GET /v1/consents`.",
    # --- which of a list ------------------------------------------------------------------------
    "status": "Only what is in one of these statuses; may be given again.",
    "category": "A category's code; in lists it may be given again, for any of them.",
    "field": "Only categories of this field: its code; may be given again.",
    "unit": "Only what lies in this unit: its code; may be given again.",
    "agency": "An agency's code; in lists it may be given again, for any of them.",
    "priority": "Only what is `urgent`, `complex` or `normal`; may be given again.",
    "radius_m": "How far from `near`, in metres.",
    "actor": "Only what this member of staff did: their account's id.",
    "action": "Only this action, such as `resolve` or `staff_created`.",
    "subject": "Only what was done to this: a report's id, or an account's.",
    "from": "From this moment on.",
    "to": "Before this moment.",
    "text": "What the report is going to say.",
    "days": "How many days back from now the period begins.",
    # --- where ----------------------------------------------------------------------------------
    "lat": "WGS 84 degrees.",
    "lon": "WGS 84 degrees.",
    "zoom": "The zoom of the tiles.",
    "z": "The tile's zoom.",
    "x": "The tile's column, from the west.",
    # --- what the caller has --------------------------------------------------------------------
    "If-None-Match": "The ETag of what the caller has: if it is still that, the answer is 304.",
    "Last-Event-ID": "The id of the last event that was heard.",
}
"""By name: a name means the same wherever it stands."""

_LOG_IN: Final = {
    "totp": "The six digits that the app shows, where one-time codes are set up.",
    "recovery_code": "One of the recovery codes, in the place of `totp`; it opens once.",
}
_ACCOUNT: Final = {
    "name": "What colleagues call them.",
    "roles": "What they may do: one role at least.",
    "agencies": "The codes of the agencies they work for: a supervisor also for all below these.",
    "oidc": "Who they are at an identity provider.",
    "email": "Where they are written to about their work; null takes it away.",
}
_DEVICE: Final = {
    "language": "In which language it is told things: one of the city's.",
    "push": "Where its pushes go.",
}

FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    # --- reports ---------------------------------------------------------------------------------
    "NewReport": {
        "category": "What it is about: a code of `GET /v1/categories`.",
        "description": "What the problem is, in the citizen's own words.",
        "location": "Where it is, as the phone measured it.",
        "unit": "In which unit it is, where there is no point: its code.",
        "address": "Where it is, in words.",
        "subject": "Of a category without a place: what it is about.",
        "answers": "To the category's questions: the question's code and its answer.",
        "attachments": "The ids of photos and documents that were announced.",
        "contact": "How to reach the reporter. It needs the consent `contact`.",
        "share_contact": "Whether the agency that handles it is told the contact.",
        "consent": "What the sender agrees to: the purpose and the version of the text they read.",
    },
    "Location": {
        "lat": "WGS 84 degrees.",
        "lon": "WGS 84 degrees.",
        "accuracy_m": "The radius of its uncertainty, in metres.",
    },
    "SubjectOfComplaint": {
        "agency": "The office's code: the report goes neither to it nor below it.",
        "dossier": "The dossier's code.",
    },
    "Contact": {
        "name": "The reporter's name.",
        "phone": "Their number, however it is written.",
        "email": "Their address.",
    },
    "Receipt": {"code": "The report's code.", "secret": "The secret that stands under it."},
    "Step": {
        "action": "What is done.",
        "text": "The question, answer or reason, in words that most actions tell the reporter.",
        "reason": "Why it is rejected: a code of `GET /v1/reasons`.",
        "agency": "To which agency it goes, or which is asked for help: its code.",
        "assignee": "Who is to work on it: an id of `GET /v1/agency/colleagues`.",
        "attachments": "The ids of photos and documents that go with it.",
        "report": "The earlier report that this one duplicates: its id.",
        "rating": "How content the reporter is, from 1 to 5.",
        "category": "The category that it should have: its code.",
        "priority": "The priority that it should have.",
        "location": "The point that it should have.",
        "unit": "The unit that it should have: its code.",
        "address": "The address that it should have.",
        "until": "The later date that is wished for or granted, or the date of a task.",
        "task": "Which of the report's tasks: its id.",
        "why": "Why it is resolved although others still have tasks.",
        "redaction": "What is hidden, or shown again.",
    },
    "Redacted": {
        "target": "What it is in: `description`, `address`, `answers`, or an entry's or file's id.",
        "spans": "Which characters of a text: from the first number up to before the second.",
        "regions": "Which parts of a photo.",
    },
    "Region": {
        "x": "How far from the left, as a fraction of the width.",
        "y": "How far from the top, as a fraction of the height.",
        "width": "As a fraction of the photo's.",
        "height": "As a fraction of the photo's.",
    },
    "BulkAction": {
        "report": "The report's id.",
        "version": "The version that the handler saw.",
        "steps": "One action, or a list of them that is one step.",
        "key": "Made by the client for this item: sent again, it changes nothing.",
    },
    "DisclosureWish": {"reason": "Why the dispatcher must know: the reporter reads it."},
    "CallerSearch": {"phone": "The caller's number, however it is written."},
    "NewRestriction": {
        "kind": "`banned`: nothing is taken; `limited`: so many a day.",
        "until": "When it ends by itself.",
        "reason": "Why, for dispatchers; kept encrypted.",
        "explanation": "Why, as the sender is told.",
        "per_day": "So many reports a day are taken. Only with `limited`.",
    },
    "Announcement": {
        "sha256": "Of the file as it is, in hexadecimal.",
        "bytes": "Its size.",
        "media_type": "Its kind, to hear early that it is not taken.",
        "report": "The report that it is already in, when its upload is taken up again: its id.",
    },
    # --- citizens --------------------------------------------------------------------------------
    "NewDevice": _DEVICE | {"platform": "What kind of device it is."},
    "DeviceChange": _DEVICE
    | {
        "units": "The units whose alerts and news it follows: codes.",
        "categories": "Of which reports in these units it wants to hear: codes of categories, or of"
        " whole fields.",
        "quiet_hours": "When it wants no push.",
    },
    "PushAddress": {
        "kind": "`fid`: a Firebase installation id; `token`: an older registration token.",
        "value": "The id or the token.",
    },
    "QuietHours": {
        "from": "When they begin, in the city's time, such as `22:00`.",
        "to": "When they end; over midnight if it is the earlier.",
    },
    "Agreement": {"version": "The version of the text that the person has read."},
    "DossierLookup": {"code": "The dossier's code, however it was typed."},
    "ReadNotifications": {
        "ids": "Those that were read.",
        "up_to": "Instead of `ids`: all that were made until this moment.",
    },
    "ChoicesChange": {
        "channels": "By kind of thing, the channels that it is to go through; none: the inbox only."
    },
    "IdToken": {
        "id_token": "The token (OpenID Connect), as the provider signed it.",
        "nonce": "What the app sent for it, if it did.",
    },
    # --- staff -----------------------------------------------------------------------------------
    "LogIn": _LOG_IN | {"username": "The account's name.", "password": "Its password."},
    "Proof": _LOG_IN | {"password": "The account's present password."},
    "TotpCode": {"code": "The six digits that the app shows now."},
    "PasswordChange": {
        "present": "The password that holds until now.",
        "new": "The one that is to hold: long, and none that is known to everybody.",
    },
    "NewEmail": {
        "address": "Where one wants to be written to, in ASCII.",
        "consent": "What one agrees to: the purpose `email` and the version of the text one read.",
    },
    "EmailCode": {"code": "As it stands in the mail, however it is typed."},
    "NewStaff": _ACCOUNT | {"username": "What they type to log in; it never changes."},
    "StaffChange": _ACCOUNT,
    "OidcIdentity": {
        "issuer": "The provider's name in the city's settings.",
        "subject": "What the provider calls the person (`sub`).",
    },
}
