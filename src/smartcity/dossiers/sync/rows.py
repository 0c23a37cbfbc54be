"""The columns of an import, and what may stand in them."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from smartcity.rowfiles.rows import RowError

Row = Mapping[str, Any]
"""Column → text; from JSON also whole numbers and nulls."""

Code = Annotated[str, Meta(min_length=1, max_length=64)]
Time = Annotated[str, Meta(min_length=8, max_length=40)]


class RowForm(msgspec.Struct, frozen=True, kw_only=True):
    """One row in its own form. Columns without a default must be in every file.

    `received_at` and `due_at` may be empty as long as the dossier is not accepted, the others with
    a default always; but one of `secret` (printed on the receipt) and `factor` (the last digits of
    the applicant's phone or citizen number) must be there.
    """

    code: Annotated[str, Meta(max_length=100)]
    procedure: Code
    agency: Code
    status: Annotated[int, Meta(ge=1, le=999)]
    updated_at: Time
    received_at: Time | None = None
    due_at: Time | None = None
    finished_at: Time | None = None
    channel: Annotated[int, Meta(ge=1, le=3)] | None = None
    collect_place: Annotated[str, Meta(max_length=300)] | None = None
    applicant: Annotated[str, Meta(max_length=200)] | None = None
    secret: Annotated[str, Meta(min_length=4, max_length=32)] | None = None
    factor: Annotated[str, Meta(pattern=r"^[0-9]{4,6}$")] | None = None


REQUIRED: Final = (*RowForm.__struct_fields__[:5], "received_at", "due_at")
SECRETS: Final = ("secret", "factor")


_MISSING: Final = re.compile(r"Object missing required field `(\w+)`")
_WRONG: Final = re.compile(r"(.*) - at `\$\.(\w+)`")


def form_of(row: Row) -> RowForm:
    """Check the columns of a row one by one; an empty one is as good as none. Raises `RowError`."""
    given = {name: value for name, value in row.items() if value}
    try:
        form = msgspec.convert(given, RowForm, strict=False)
    except msgspec.ValidationError as error:
        if match := _MISSING.fullmatch(str(error)):
            raise RowError(match[1], "missing") from error
        if match := _WRONG.fullmatch(str(error)):
            raise RowError(match[2], match[1]) from error
        raise RowError("line", str(error)) from error
    if form.secret is None and form.factor is None:
        raise RowError("factor", "missing")
    return form
