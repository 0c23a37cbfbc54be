"""An alert's message in the Common Alerting Protocol 1.2 (OASIS Standard, 1 July 2010).

One `info` for each language, in the city's order; times in the city's zone, with their offset and
without fractions, as section 3.3.2 demands. The elements' order is that of section 3.4.
"""

from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from smartcity.alerts.model import Alert, Message, MessageKind, Urgency
from smartcity.alerts.wording import (
    description,
    headline,
    instruction,
    languages_of,
    place,
    words_of,
)
from smartcity.city.model import City

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE: Final = "application/cap+xml"

GEOCODE: Final = "urn:smartcity:unit"
"""What our units' codes are called where other systems read them."""


def cap_xml(city: City, alert: Alert, message: Message) -> bytes:
    """The document. What came before it of the same alert is referred to."""
    root = Element("alert", {"xmlns": NAMESPACE})
    _add(root, "identifier", str(message.id))
    _add(root, "sender", city.alerts.sender)
    _add(root, "sent", moment(city, message.sent))
    _add(root, "status", "Actual")
    _add(root, "msgType", message.kind)
    _add(root, "scope", "Public")
    if note := next(iter(message.note.values()), None):
        _add(root, "note", note)
    if earlier := _references(city, alert, message):
        _add(root, "references", earlier)
    for language in languages_of(city, message):
        _info(SubElement(root, "info"), city, message, language)
    return tostring(root, encoding="utf-8", xml_declaration=True)


def moment(city: City, at: datetime) -> str:
    """CAP knows no `Z`: UTC is written `-00:00`."""
    local = city.local(at)
    text = local.isoformat(timespec="seconds")
    return f"{text[:-6]}-00:00" if local.utcoffset() == UTC.utcoffset(None) else text


def _references(city: City, alert: Alert, message: Message) -> str:
    return " ".join(
        f"{city.alerts.sender},{earlier.id},{moment(city, earlier.sent)}"
        for earlier in alert.until(message)[:-1]
    )


def _info(info: Element, city: City, message: Message, language: str) -> None:
    content, (_, words) = message.content, words_of(city, message, language)
    over = message.kind is MessageKind.CANCEL
    _add(info, "language", language)
    _add(info, "category", content.category)
    _add(info, "event", words.event)
    if content.response is not None and not over:
        _add(info, "responseType", content.response)
    _add(info, "urgency", Urgency.PAST if over else content.urgency)
    _add(info, "severity", content.severity)
    _add(info, "certainty", content.certainty)
    _add(info, "effective", moment(city, content.effective or message.sent))
    if content.onset is not None:
        _add(info, "onset", moment(city, content.onset))
    _add(info, "expires", moment(city, content.expires))
    _add(info, "senderName", city.name[language])
    _add(info, "headline", headline(city, message, language))
    _add(info, "description", description(city, message, language))
    if to_do := instruction(city, message, language):
        _add(info, "instruction", to_do)
    _area(SubElement(info, "area"), city, message, language)


def _area(area: Element, city: City, message: Message, language: str) -> None:
    content = message.content
    given = content.area
    _add(area, "areaDesc", place(city, content, language))
    if given.polygon is not None:
        corners = given.polygon
        closed = corners if corners[0] == corners[-1] else (*corners, corners[0])
        _add(area, "polygon", " ".join(_pair(lon, lat) for lon, lat in closed))
    if given.circle is not None:
        circle = given.circle
        _add(area, "circle", f"{_pair(circle.lon, circle.lat)} {circle.radius_m / 1000:g}")
    for code in content.reach.units:
        geocode = SubElement(area, "geocode")
        _add(geocode, "valueName", GEOCODE)
        _add(geocode, "value", code)


def _pair(lon: float, lat: float) -> str:
    """A point to 0.1 m, latitude first; never with an exponent."""
    return f"{lat:.6f},{lon:.6f}"


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
