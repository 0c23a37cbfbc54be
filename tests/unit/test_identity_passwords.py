import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from smartcity.identity.staff.passwords import no_hash


def test_what_stands_for_nobodys_password_takes_as_long_to_compare_and_is_none() -> None:
    hasher = PasswordHasher(time_cost=2, memory_cost=1_000, parallelism=1)
    nobodys = no_hash(hasher)
    assert extract_parameters(nobodys) == extract_parameters(hasher.hash("correct horse"))
    with pytest.raises(VerifyMismatchError):
        hasher.verify(nobodys, "correct horse")
    assert no_hash(hasher) != nobodys
