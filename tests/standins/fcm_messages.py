"""What FCM's HTTP v1 interface takes for a message, and what it says of one that it does not take.

The fields are those of `projects.messages`, as a table; the sentences are FCM's. JSON is read as
Google's interfaces read it: field names in snake_case or camelCase, enums in any case, null for
"not given".

https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.standins.fcm_conditions import is_condition

Json = Mapping[str, Any]
Check = Callable[[str, Any], "Iterator[Violation]"]

PAYLOAD_BYTES: Final = 4096
TOPIC_BYTES: Final = 2048
LONGEST_TTL_S: Final = 2_419_200
COLLAPSE_ID_BYTES: Final = 64

TARGETS: Final = ("fid", "token", "topic", "condition")
RESERVED_KEY: Final = re.compile(r"^(from|message_type)$|^(google|gcm)(\.|$)")
TOPIC: Final = re.compile(r"[a-zA-Z0-9-_.~%]+")
LABEL: Final = re.compile(r"[a-zA-Z0-9-_.~%]{1,50}")
DURATION: Final = re.compile(r"(\d+)(\.\d{1,9})?s")
COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")
ADDRESS: Final = re.compile(r"[a-zA-Z0-9\-_:.~%]*")
NO_ADDRESS: Final = "The registration token is not a valid FCM registration token"
PUSH_TYPES: Final = frozenset(
    {
        "alert", "background", "location", "voip", "complication", "fileprovider", "mdm",
        "liveactivity", "pushtotalk", "controls", "widgets",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong. `by_fcm`: FCM's own rule, not merely the form of the JSON."""

    field: str
    description: str
    by_fcm: bool = False


# --- kinds of values -----------------------------------------------------------------------------


def _plain(type_name: str, *types: type) -> Check:
    def check(path: str, value: Any) -> Iterator[Violation]:
        if type(value) not in types:
            shown = json.dumps(value, ensure_ascii=False)
            yield Violation(path, f"Invalid value at '{path}' ({type_name}), {shown}")

    return check


def _matching(pattern: re.Pattern[str], sentence: str) -> Check:
    def check(path: str, value: Any) -> Iterator[Violation]:
        wrong = list(STRING(path, value))
        yield from wrong
        if not wrong and not pattern.fullmatch(value):
            yield Violation(path, sentence, by_fcm=True)

    return check


def _one_of(name: str, *values: str) -> Check:
    def check(path: str, value: Any) -> Iterator[Violation]:
        if not isinstance(value, str) or value.upper() not in values:
            shown = json.dumps(value)
            kind = f"type.googleapis.com/google.firebase.fcm.v1.{name}"
            yield Violation(path, f"Invalid value at '{path}' ({kind}), {shown}")

    return check


def _list_of(item: Check) -> Check:
    def check(path: str, value: Any) -> Iterator[Violation]:
        if not isinstance(value, list):
            yield from _plain("TYPE_LIST")(path, value)
            return
        for place, one in enumerate(_items(value)):
            yield from item(f"{path}[{place}]", one)

    return check


def _object(fields: Mapping[str, Check]) -> Check:
    def check(path: str, value: Any) -> Iterator[Violation]:
        if not isinstance(value, dict):
            yield from _plain("TYPE_MESSAGE")(path, value)
            return
        for name, inner in entries(value):
            known = fields.get(_snake(name))
            if known is None:
                yield Violation(
                    path,
                    f'Invalid JSON payload received. Unknown name "{name}" at '
                    f"'{path}': Cannot find field.",
                )
            elif inner is not None:
                yield from known(f"{path}.{_snake(name)}", inner)

    return check


def _strings(path: str, value: Any) -> Iterator[Violation]:
    """map<string, string>"""
    if not isinstance(value, dict):
        yield from _plain("TYPE_MESSAGE")(path, value)
        return
    for place, (_, inner) in enumerate(entries(value)):
        yield from STRING(f"{path}[{place}].value", inner)


def _data(path: str, value: Any) -> Iterator[Violation]:
    yield from _strings(path, value)
    if isinstance(value, dict):
        for key, _ in entries(value):
            if RESERVED_KEY.search(key):
                yield Violation(path, f"Invalid data payload key: {key}", by_fcm=True)


def _anything(path: str, value: Any) -> Iterator[Violation]:
    """google.protobuf.Struct"""
    if not isinstance(value, dict):
        yield from _plain("TYPE_MESSAGE")(path, value)


def _ttl(path: str, value: Any) -> Iterator[Violation]:
    found = DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        shown = json.dumps(value)
        yield Violation(
            path,
            f"Invalid value at '{path}' (type.googleapis.com/google.protobuf.Duration), "
            f"Field '{path.rpartition('.')[2]}', Illegal duration format; duration must end "
            f"with 's': {shown}",
        )
    elif int(found[1]) > LONGEST_TTL_S:
        yield Violation(path, "TTL must be between 0 and 2419200 seconds.", by_fcm=True)


def _apns_headers(path: str, value: Any) -> Iterator[Violation]:
    yield from _strings(path, value)
    headers = dict(entries(value)) if isinstance(value, dict) else {}
    if len(str(headers.get("apns-collapse-id", "")).encode()) > COLLAPSE_ID_BYTES:
        yield Violation(path, "Invalid apns-collapse-id: BadCollapseId", by_fcm=True)
    if headers.get("apns-priority", "10") not in ("1", "5", "10"):
        yield Violation(path, "Invalid apns-priority: BadPriority", by_fcm=True)
    if not str(headers.get("apns-expiration", "0")).isdecimal():
        yield Violation(path, "Invalid apns-expiration: BadExpirationDate", by_fcm=True)
    if headers.get("apns-push-type", "alert") not in PUSH_TYPES:
        yield Violation(path, "Invalid apns-push-type: InvalidPushType", by_fcm=True)


def _webpush_headers(path: str, value: Any) -> Iterator[Violation]:
    yield from _strings(path, value)
    headers = (
        {name.lower(): inner for name, inner in entries(value)} if isinstance(value, dict) else {}
    )
    if not str(headers.get("ttl", "0")).isdecimal():
        yield Violation(path, "Invalid TTL header", by_fcm=True)
    if headers.get("urgency", "normal") not in ("very-low", "low", "normal", "high"):
        yield Violation(path, "Invalid Urgency header", by_fcm=True)


def _link(path: str, value: Any) -> Iterator[Violation]:
    wrong = list(STRING(path, value))
    yield from wrong
    if not wrong and not value.startswith("https://"):
        yield Violation(path, "The link must be an HTTPS URL.", by_fcm=True)


def _condition(path: str, value: Any) -> Iterator[Violation]:
    wrong = list(STRING(path, value))
    yield from wrong
    if not wrong and value and not is_condition(value):
        yield Violation(path, "Invalid condition expression provided.", by_fcm=True)


STRING: Final = _plain("TYPE_STRING", str)
BOOL: Final = _plain("TYPE_BOOL", bool)
INT: Final = _plain("TYPE_INT32", int)
FLOAT: Final = _plain("TYPE_FLOAT", int, float)
STRINGS: Final = _list_of(STRING)

# --- the message ---------------------------------------------------------------------------------

OPTIONS: Final = {"analytics_label": _matching(LABEL, "Invalid analytics label.")}

LIGHT: Final = {
    "color": _object(dict.fromkeys(("red", "green", "blue", "alpha"), FLOAT)),
    "light_on_duration": _ttl,
    "light_off_duration": _ttl,
}

ANDROID_NOTIFICATION: Final = {
    **dict.fromkeys(
        (
            "title", "body", "icon", "sound", "tag", "click_action", "body_loc_key",
            "title_loc_key", "channel_id", "ticker", "image", "event_time",
        ),
        STRING,
    ),
    **dict.fromkeys(
        (
            "sticky", "local_only", "default_sound", "default_vibrate_timings",
            "default_light_settings", "bypass_proxy_notification",
        ),
        BOOL,
    ),
    "color": _matching(COLOR, "Invalid color: must be in the form #RRGGBB."),
    "body_loc_args": STRINGS,
    "title_loc_args": STRINGS,
    "vibrate_timings": _list_of(_ttl),
    "notification_count": INT,
    "light_settings": _object(LIGHT),
    "notification_priority": _one_of(
        "AndroidNotification.NotificationPriority",
        "PRIORITY_UNSPECIFIED", "PRIORITY_MIN", "PRIORITY_LOW", "PRIORITY_DEFAULT",
        "PRIORITY_HIGH", "PRIORITY_MAX",
    ),
    "visibility": _one_of(
        "AndroidNotification.Visibility", "VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"
    ),
    "proxy": _one_of(
        "AndroidNotification.Proxy", "PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"
    ),
}  # fmt: skip

MESSAGE: Final = {
    "name": STRING,
    "data": _data,
    "notification": _object({"title": STRING, "body": STRING, "image": STRING}),
    "android": _object(
        {
            "collapse_key": STRING,
            "priority": _one_of("AndroidConfig.AndroidMessagePriority", "NORMAL", "HIGH"),
            "ttl": _ttl,
            "restricted_package_name": STRING,
            "data": _data,
            "notification": _object(ANDROID_NOTIFICATION),
            "fcm_options": _object(OPTIONS),
            "direct_boot_ok": BOOL,
            "bandwidth_constrained_ok": BOOL,
            "restricted_satellite_ok": BOOL,
        }
    ),
    "webpush": _object(
        {
            "headers": _webpush_headers,
            "data": _data,
            "notification": _anything,
            "fcm_options": _object({"link": _link, **OPTIONS}),
        }
    ),
    "apns": _object(
        {
            "headers": _apns_headers,
            "payload": _anything,
            "fcm_options": _object({"image": STRING, **OPTIONS}),
            "live_activity_token": STRING,
        }
    ),
    "fcm_options": _object(OPTIONS),
    "fid": _matching(ADDRESS, NO_ADDRESS),
    "token": _matching(ADDRESS, NO_ADDRESS),
    "topic": _matching(TOPIC, "Invalid topic name."),
    "condition": _condition,
}

REQUEST: Final = {"message": _object(MESSAGE), "validate_only": BOOL}


def violations(request: Any) -> Iterator[Violation]:
    """Everything that FCM would refuse about a request's body."""
    if not isinstance(request, dict):
        yield Violation("", "Invalid JSON payload received. Unexpected token.")
        return
    for name, value in entries(request):
        if name not in REQUEST and _snake(name) not in REQUEST:
            yield Violation(
                "",
                f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.',
            )
        elif value is not None:
            yield from REQUEST[_snake(name)](_snake(name), value)
    message: Any = dict(entries(request)).get("message")
    yield from _whole(dict(entries(message)) if isinstance(message, dict) else {})


def target(message: Json) -> str:
    """Whom a message that FCM would take is for."""
    return next(str(message[name]) for name in TARGETS if message.get(name))


def _whole(message: Json) -> Iterator[Violation]:
    targets = [name for name in TARGETS if message.get(name)]
    if not targets:
        yield Violation("message", "Recipient of the message is not set.", by_fcm=True)
    for name in targets[1:]:
        yield Violation(
            "message",
            f"Invalid value at 'message' (oneof), oneof field 'target' is already set. "
            f"Cannot set '{name}'",
        )
    to_topics = not {"topic", "condition"}.isdisjoint(targets)
    if payload_bytes(message) > (TOPIC_BYTES if to_topics else PAYLOAD_BYTES):
        yield Violation("message", "Android message is too big", by_fcm=True)


def payload_bytes(message: Json) -> int:
    """What counts against the limit: every key and value but the target's."""
    payload = {name: value for name, value in message.items() if name not in TARGETS}
    return len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode())


def entries(value: Any) -> list[tuple[str, Any]]:
    """A JSON object's members."""
    return list(value.items())


def _items(value: Any) -> list[Any]:
    return list(value)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", lambda letter: "_" + letter[0].lower(), name)
