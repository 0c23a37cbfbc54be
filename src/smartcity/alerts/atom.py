"""The published alerts as an Atom feed (RFC 4287), each entry one CAP document, with its main
fields beside it (OASIS, CAP Feeds 1.0).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from smartcity.alerts import cap
from smartcity.alerts.model import Alert, Message
from smartcity.alerts.wording import description, headline, place, words_of
from smartcity.city.model import City

NAMESPACE: Final = "http://www.w3.org/2005/Atom"
MEDIA_TYPE: Final = "application/atom+xml"

NEVER: Final = "1970-01-01T00:00:00Z"
"""When a feed without entries changed last."""


def atom_xml(city: City, alerts: Sequence[Alert], language: str, address: str) -> bytes:
    """The feed in one language; `address` is where the API is, without a slash at its end."""
    root = Element("feed", {"xmlns": NAMESPACE, "xmlns:cap": cap.NAMESPACE, "xml:lang": language})
    latest = [(alert, alert.latest) for alert in alerts if alert.latest is not None]
    _add(root, "id", f"urn:smartcity:{city.code}:alerts")
    name = city.name[language]
    _add(root, "title", city.messages.render(language, "alerts.feed", city=name))
    updated = max((message.sent for _, message in latest), default=None)
    _add(root, "updated", NEVER if updated is None else _moment(city, updated))
    _add(SubElement(root, "author"), "name", name)
    SubElement(
        root, "link", {"rel": "self", "type": MEDIA_TYPE, "href": f"{address}/v1/alerts.cap.atom"}
    )
    for alert, message in latest:
        _entry(SubElement(root, "entry"), city, alert, message, language, address)
    return tostring(root, encoding="utf-8", xml_declaration=True)


def _entry(
    entry: Element, city: City, alert: Alert, message: Message, language: str, address: str
) -> None:
    content = message.content
    _add(entry, "id", message.id.urn)
    _add(entry, "title", headline(city, message, language))
    _add(entry, "published", _moment(city, alert.messages[0].sent))
    _add(entry, "updated", _moment(city, message.sent))
    SubElement(entry, "category", {"term": content.category})
    SubElement(
        entry,
        "link",
        {
            "rel": "alternate",
            "type": cap.MEDIA_TYPE,
            "href": f"{address}/v1/alerts/{alert.id}.cap.xml",
        },
    )
    _add(entry, "summary", description(city, message, language))
    for name, text in (
        ("status", "Actual"),
        ("msgType", message.kind),
        ("category", content.category),
        ("event", words_of(city, message, language)[1].event),
        ("urgency", content.urgency),
        ("severity", content.severity),
        ("certainty", content.certainty),
        ("effective", cap.moment(city, content.effective or message.sent)),
        ("expires", cap.moment(city, content.expires)),
        ("areaDesc", place(city, content, language)),
    ):
        _add(entry, f"cap:{name}", text)


def _moment(city: City, at: datetime) -> str:
    return city.local(at).isoformat(timespec="seconds")


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
