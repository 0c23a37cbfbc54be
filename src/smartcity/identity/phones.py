"""Phone numbers: understood as the pack's country writes them, and found without being kept."""

import hmac
from uuid import UUID

import phonenumbers

from smartcity.errors import FieldError, Invalid
from smartcity.identifiers import keyed_id
from smartcity.identity.personal import derived


class Phones:
    """`secret` is the installation's: without it nobody can try out numbers on the hashes."""

    def __init__(self, secret: bytes, region: str) -> None:
        self._key = derived(secret, b"phone numbers")
        self._caller_key = derived(secret, b"callers")
        self._digest_key = derived(secret, b"what holds numbers")
        self._region = region

    def hash(self, typed: str, field: str) -> bytes:
        """What a number is found by, however it was typed. Raises `Invalid`, naming the field."""
        return hmac.digest(self._key, self._number(typed, field), "sha256")[:16]

    def caller(self, typed: str, field: str) -> UUID:
        """Who calls from a number: the same person each time. Raises `Invalid`."""
        digest = hmac.digest(self._caller_key, self._number(typed, field), "sha256")
        return keyed_id(digest)

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
        form = phonenumbers.PhoneNumberFormat.E164
        return phonenumbers.format_number(number, form).encode()
