"""How the parts of a report lie in its document."""

import msgspec


class Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The form of everything inside a report document."""
