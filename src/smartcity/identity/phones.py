"""Phone numbers: understood as the pack's country writes them, and found without being kept."""

import hmac
from typing import Final
from uuid import UUID

import phonenumbers

from smartcity.errors import FieldError, Invalid
from smartcity.identifiers import keyed_id
from smartcity.identity.personal import derived

NATIONAL: Final = phonenumbers.PhoneNumberFormat.NATIONAL
E164: Final = phonenumbers.PhoneNumberFormat.E164

MOBILE: Final = frozenset(
    {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,  # some countries do not tell them apart
    }
)


class Phones:
    """`secret` is the installation's: without it nobody can try out numbers on the hashes."""

    def __init__(self, secret: bytes, region: str) -> None:
        self._key = derived(secret, b"phone numbers")
        self._caller_key = derived(secret, b"callers")
        self._digest_key = derived(secret, b"what holds numbers")
        self._region = region
        self._country = phonenumbers.country_code_for_region(region)

    def hash(self, typed: str, field: str) -> bytes:
        """What a number is found by, however it was typed. Raises `Invalid`, naming the field."""
        return hmac.digest(self._key, self._number(typed, field), "sha256")[:16]

    def caller(self, typed: str, field: str) -> UUID:
        """Who calls from a number: the same person each time. Raises `Invalid`."""
        digest = hmac.digest(self._caller_key, self._number(typed, field), "sha256")
        return keyed_id(digest)

    def mobile(self, typed: str) -> str | None:
        """The number in E.164, if it is a mobile one of the pack's country; others take no text
        messages, or take them at another country's price.
        """
        try:
            number = phonenumbers.parse(typed, self._region)
        except phonenumbers.NumberParseException:
            return None
        if number.country_code != self._country:
            return None
        if phonenumbers.number_type(number) not in MOBILE:
            return None
        return phonenumbers.format_number(number, E164)

    def digest(self, said: bytes) -> bytes:
        """Names what may hold a number. Of a plain digest whoever knows all but the number could
        try out numbers.
        """
        return hmac.digest(self._digest_key, said, "sha256")[:16]

    def _number(self, typed: str, field: str) -> bytes:
        try:
            number = phonenumbers.parse(typed, self._region)
        except phonenumbers.NumberParseException:
            raise Invalid(FieldError(field, "not_a_phone_number")) from None
        if not phonenumbers.is_possible_number(number):
            raise Invalid(FieldError(field, "not_a_phone_number"))
        return phonenumbers.format_number(number, E164).encode()


def national_digits(number: str) -> str:
    """A number in E.164 as it is dialled inside its country, digits alone: `0912345678`."""
    parsed = phonenumbers.parse(number)
    return phonenumbers.normalize_digits_only(phonenumbers.format_number(parsed, NATIONAL))
