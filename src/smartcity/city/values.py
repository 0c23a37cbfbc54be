"""What everything in a pack is made of: codes, texts, bounded numbers."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

Texts = Mapping[str, str]

Code = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=40)]
"""The city's own name for a thing; it stands in addresses, so it has no spaces and no marks."""

Count = Annotated[int, msgspec.Meta(ge=0)]
Days = Annotated[float, msgspec.Meta(gt=0)]
Hours = Annotated[float, msgspec.Meta(gt=0)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The form of everything in a pack: fixed, named, and no word that nobody reads."""


class Coded(Struct, frozen=True, kw_only=True):
    """What other things in the pack refer to."""

    code: Code
