"""What the public does not read of a text: numbers, whatever is written between their digits."""

import pytest

from smartcity.city.model import City
from smartcity.reports.moderation import without
from smartcity.reports.privacy import HIDDEN, Mask

PHONE, IDENTITY = "0912345678", "001099012345"

UNSEEN = [
    "",
    "\u200b",
    "\u200b" * 4,
    "\u2060\u200b\u200c\u200d\u00ad\ufeff" * 20,
    "\u3164",  # letters to a program
    "\u115f" * 5,
    "\u0301" * 5,  # marks on a digit
    "\ufe0f\u20e3",
]
SEEN = [
    " ",
    ".",
    "_",
    " - ",
    "\u200b \u200b",
    "\n",
    "\n\n\n\n",
    "    ",
]  # a browser shows one blank


@pytest.mark.parametrize(
    ("number", "sign"),
    [*((PHONE, sign) for sign in UNSEEN + SEEN), *((IDENTITY, sign) for sign in UNSEEN)],
)
def test_a_number_is_hidden_whatever_nobody_sees_between_its_digits(
    hanoi: City, number: str, sign: str
) -> None:
    assert Mask(hanoi)(f"Gọi {sign.join(number)} ngay") == f"Gọi {HIDDEN} ngay"


@pytest.mark.parametrize("before", ["Nhà 5   ", "Lúc 08:30\n", "Ngày 22/11/2026 "])
def test_a_number_is_hidden_beside_another(hanoi: City, before: str) -> None:
    assert PHONE not in Mask(hanoi)(f"{before}{PHONE}")


@pytest.mark.parametrize(
    "text",
    [
        "Ngõ 12,\n\nnhà 34, tầng 5:\n\n\n6 người",
        "Từ 12:30 đến 15:45\n\nngày 2",
        "Lúc 08:30 22/11/2026",
        "2026-11-22 08:30:15",
        "👨\u200d👩\u200d👧 số 7 và 8\u200b9",
    ],
)
def test_a_text_without_such_a_number_stays_as_it_was_written(hanoi: City, text: str) -> None:
    assert Mask(hanoi)(text) == text


def test_a_long_text_of_digits_and_nothing_between_them_is_masked_at_once(hanoi: City) -> None:
    text = ("1" + "\u200b" * 300) * 6 + "a" + "\u200b" * 2000 + "1 \n" * 500
    assert HIDDEN in Mask(hanoi)(text)


def test_what_a_handler_hides_of_a_broken_number_hides_all_of_it() -> None:
    sign = "\u200b" * 5
    text = f"Gọi {sign.join(PHONE)} ngay"
    assert without(text, [(4, 5)]) == f"Gọi {HIDDEN} ngay"
