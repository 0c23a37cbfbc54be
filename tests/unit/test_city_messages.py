"""The texts: none is missing, each can be filled, and its languages agree."""

import re
import tomllib
from pathlib import Path
from shutil import copy, copytree
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartcity.city import City, Mistake, PackError, load_city
from smartcity.city.messages import required_keys
from smartcity.errors import OutsideCity, every_error
from smartcity.settings import PROJECT

CONFIG = PROJECT / "config"
LANGUAGES = ("en", "vi")
PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


def lines_of(language: str) -> list[str]:
    return (CONFIG / f"messages.{language}.toml").read_text("utf-8").splitlines()


TEXTS = [
    (language, number)
    for language in LANGUAGES
    for number, line in enumerate(lines_of(language))
    if " = " in line and not line.startswith("#")
]
BRACES = ("{", "}", "{}", "{0}", "{a.b}", "{a[0]}", "{a:>9}", "{a!r}")
FILLED = [
    (language, number, match.start(), match.end())
    for language, number in TEXTS
    for match in PLACEHOLDER.finditer(lines_of(language)[number])
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for language in LANGUAGES:
        copy(CONFIG / f"messages.{language}.toml", tmp_path)
    return copytree(CONFIG / "hanoi", tmp_path / "hanoi")


def mistakes_with(language: str, lines: list[str]) -> tuple[Mistake, ...]:
    """What is said of Hanoi's pack when the software's words in a language are these."""
    with TemporaryDirectory() as config:
        copytree(CONFIG / "hanoi", Path(config) / "hanoi")
        for other in LANGUAGES:
            copy(CONFIG / f"messages.{other}.toml", config)
        (Path(config) / f"messages.{language}.toml").write_text("\n".join(lines), "utf-8")
        with pytest.raises(PackError) as caught:
            load_city(Path(config) / "hanoi")
        return caught.value.mistakes


def replace(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


@settings(max_examples=25)
@given(st.sampled_from(FILLED))
def test_a_placeholder_that_is_removed_anywhere_is_missed(
    place: tuple[str, int, int, int],
) -> None:
    language, number, start, end = place
    lines = lines_of(language)
    key, removed = lines[number].partition(" = ")[0], lines[number][start:end]
    if lines[number].count(removed) > 1:
        return
    lines[number] = lines[number][:start] + lines[number][end:]
    (mistake,) = mistakes_with(language, lines)
    assert mistake.file == f"../messages.{language}.toml"
    assert mistake.where.endswith(f".{key}")
    assert mistake.reason == f"lacks {removed}, which another language has"


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TEXTS))
def test_a_text_that_is_removed_anywhere_is_missed(place: tuple[str, int]) -> None:
    language, number = place
    lines = lines_of(language)
    key = lines.pop(number).partition(" = ")[0]
    (mistake,) = mistakes_with(language, lines)
    assert mistake.file == f"messages.{language}.toml"
    assert mistake.where.endswith(f".{key}")
    assert mistake.reason == "is missing"


@settings(max_examples=25)
@given(st.sampled_from(TEXTS), st.sampled_from(BRACES))
def test_braces_that_cannot_be_filled_are_told(place: tuple[str, int], braces: str) -> None:
    language, number = place
    lines = lines_of(language)
    key = lines[number].partition(" = ")[0]
    lines[number] = lines[number][:-1] + braces + '"'
    mistakes = mistakes_with(language, lines)
    told = [mistake.where for mistake in mistakes if "cannot be filled" in mistake.reason]
    assert [where.rpartition(".")[2] for where in told] == [key]


def test_a_notification_can_be_filled_with_nothing_private(folder: Path) -> None:
    for language in LANGUAGES:
        file = folder.parent / f"messages.{language}.toml"
        text = file.read_text("utf-8")
        file.write_text(replace(text, '"{agency}', '"{reporter} {agency}'), "utf-8")
    with pytest.raises(PackError) as caught:
        load_city(folder)
    assert {mistake.reason for mistake in caught.value.mistakes} == {
        "has {reporter}, which is never filled there"
    }


def test_a_pack_replaces_and_adds_texts(folder: Path) -> None:
    for language, word in (("vi", "Hoàn thành"), ("en", "Done")):
        text = f'[status]\nclosed = "{word}"\n[labels]\nhotline = "1022"\n'
        (folder / f"messages.{language}.toml").write_text(text, "utf-8")
    city = load_city(folder)
    assert city.messages.render("vi", "status.closed") == "Hoàn thành"
    assert city.messages.render("en", "labels.hotline") == "1022"
    assert city.messages.render("en", "status.received") == "Received"


def test_what_a_pack_adds_in_one_language_is_missed_in_the_others(folder: Path) -> None:
    (folder / "messages.vi.toml").write_text('[labels]\nhotline = "1022"\n', "utf-8")
    with pytest.raises(PackError) as caught:
        load_city(folder)
    assert caught.value.mistakes == (Mistake("messages.en.toml", "labels.hotline", "is missing"),)


def test_a_pack_cannot_ask_for_what_an_error_does_not_carry(folder: Path) -> None:
    for language in LANGUAGES:
        text = '[errors]\nforbidden = "{name} 1022"\n'
        (folder / f"messages.{language}.toml").write_text(text, "utf-8")
    with pytest.raises(PackError) as caught:
        load_city(folder)
    assert [(mistake.file, mistake.where) for mistake in caught.value.mistakes] == [
        ("messages.en.toml", "errors.forbidden"),
        ("messages.vi.toml", "errors.forbidden"),
    ]


def test_a_language_without_any_words_is_told_once(folder: Path) -> None:
    city = folder / "city.toml"
    city.write_text(replace(city.read_text("utf-8"), '["vi", "en"]', '["vi", "en", "fr"]'), "utf-8")
    with pytest.raises(PackError) as caught:
        load_city(folder)
    told = [mistake for mistake in caught.value.mistakes if mistake.file == "messages.fr.toml"]
    assert told == [
        Mistake("messages.fr.toml", "", "neither the pack nor the software has texts in fr")
    ]
    assert Mistake("city.toml", "name.fr", "is missing") in caught.value.mistakes


def test_the_same_keys_stand_in_every_language_in_the_same_order() -> None:
    def keys(language: str) -> list[str]:
        words = tomllib.loads("\n".join(lines_of(language)))
        return [f"{section}.{key}" for section, texts in words.items() for key in texts]

    assert keys("en") == keys("vi")


def test_every_error_has_a_text_in_every_language_of_the_city(hanoi: City, boston: City) -> None:
    for city in (hanoi, boston):
        for language in city.languages:
            for error in every_error():
                assert city.messages.render(language, f"errors.{error.code}")


def test_a_value_that_is_not_given_shows_as_an_ellipsis(hanoi: City) -> None:
    text = hanoi.messages.render("en", f"errors.{OutsideCity.code}", west=105.28, extra="ignored")
    assert "from 105.28 to … degrees" in text


def test_a_text_that_is_asked_for_is_required(hanoi: City) -> None:
    assert set(required_keys()) <= hanoi.messages.texts["vi"].keys()
