"""Every kind of mistake in a pack is found, with its file, its place and the reason."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from shutil import copy, copytree
from typing import Final, NamedTuple

import pytest

from smartcity.city import Mistake, PackError, load_city
from smartcity.settings import PROJECT


class Slip(NamedTuple):
    """Something an editor of the pack may do, and what must be said about it."""

    old: str
    new: str
    where: str
    reason: str


CONSENT: Final = """[[privacy.consents]]
code = "contact"
version = "2"
text = { vi = "Đồng ý", en = "I agree" }
"""

SLIPS: Final[Mapping[str, Sequence[Slip]]] = {
    "city.toml": (
        Slip('region = "VN"', 'regoin = "VN"', "regoin", "not a key here"),
        Slip('code = "hanoi"\n', "", "code", "missing"),
        Slip('zone = "Asia/Ho', 'zone = "Asia/Hoo', "zone", "no time zone Asia/Hoo"),
        Slip("west = 105.28", "west = -181", "bounds.west", ">= -180"),
        Slip("reopen_limit = 2 ", "reopen_limit = -2", "windows.reopen_limit", ">= 0"),
        Slip("reopen_days = 15 ", 'reopen_days = "x"', "windows.reopen_days", "`int`"),
        Slip(', en = "Hanoi" }', " }", "name.en", "missing"),
        Slip('en = "Hanoi" }', 'en = " " }', "name.en", "empty"),
        Slip('en = "Hanoi" }', 'en = "H", fr = "H" }', "name.fr", "not a language"),
        Slip("(?<!\\d)\\d{3}", "(?<!\\d\\d{3}", "identity_pattern", "regular expression"),
        Slip("east = 106.03", "east = 105.0", "bounds", "west must be less than east"),
        Slip("north = 21.39", "north = 20.1", "bounds", "south must be less"),
        Slip("lon = 105.8523", "lon = 99", "centre", "outside the bounds"),
        Slip('"ttpvhcc"', '"ttpvhc"', "dispatch", "no agency ttpvhc"),
        Slip('["vi", "en"]', '["vi", "en", "vi"]', "languages", "twice"),
        Slip("months = 24", "months = 0", "privacy.personal_months", ">= 1"),
        Slip("inbox_days = 180", "inbox_days = 0", "privacy.inbox_days", ">= 1"),
        Slip(
            'code = "contact"', 'code = "phone"', "privacy.consents", "none with the code contact"
        ),
        Slip(
            "[[privacy.consents]]",
            f"{CONSENT}[[privacy.consents]]",
            "privacy.consents.contact",
            "twice",
        ),
        Slip("remind_days = 2 ", "remind_days = 7", "windows.close_days", "more than remind_days"),
        Slip("remind_days = 2 ", "remind_days = 0", "windows.remind_days", ">= 1"),
        Slip("[3, 10, 30]", "[3, 30, 10]", "dossiers.collect_days", "one after the other"),
        Slip("[3, 10, 30]", "[0, 10, 30]", "dossiers.collect_days[0]", ">= 1"),
        Slip("warn_share = 0.75", "warn_share = 75", "escalation.warn_share", "< 1"),
        Slip("level_h = 8 ", "level_h = 0", "escalation.level_h", "> 0"),
        Slip("[escalation]", "[escalations]", "escalation", "missing"),
        Slip("monthly_parts = 20_000", "monthly_parts = -1", "sms.monthly_parts", ">= 0"),
        Slip("reserve_share = 0.2", "reserve_share = 1", "sms.reserve_share", "< 1"),
        Slip('"07:00-21:00"', '"7-21"', "sms.hours", "not a span of time"),
        Slip('hotline = "1022"', "", "sms.hotline", "must know where to call"),
        Slip("[alerts]", "[alert]", "alerts", "missing"),
        Slip('"hanoi.gov.vn"', '"Hà Nội, city"', "alerts.sender", "matching"),
        Slip('["Extreme", "Severe"]', '["Grave"]', "alerts.second_person", "Grave"),
        Slip("devices = 20 ", "devices = 0 ", "burst.devices", ">= 1"),
        Slip("new_hours = 24 ", "new_hours = -1 ", "burst.new_hours", "> 0.0"),
        Slip("minutes = 10 ", "minute = 10 ", "burst.minutes", "missing"),
        Slip("[bounds]", "[bounds", "line 16", "Expected ']'"),
    ),
    "deadlines.toml": (
        Slip("resolve_h = 4\n", "resolve_h = 0\n", "limit[1].resolve_h", "> 0.0"),
        Slip('"fallen-tree"', '"fallen-three"', "limit[5].category", "category fallen-three"),
        Slip('priority = "normal"', 'priority = "complex"', "limit", "none for normal"),
        Slip('priority = "normal"', 'priority = "complex"', "limit[3]", "come earlier"),
    ),
    "reasons.toml": (
        Slip("[reason.text]\n", "[reason.txt]\n", "reason.formal-complaint.txt", "key"),
        Slip('"land", "c', '"lend", "c', "reason.land-dispute.fields", "no field lend"),
        Slip('["submitted"]', '["sent"]', "emergency-number.statuses", "no status sent; known are"),
        Slip("formal = true", 'formal = "yes"', "reason.formal-complaint.formal", "`bool`"),
    ),
    "templates.toml": (
        Slip('action = "ask"', 'action = "aks"', "template.ask-where.action", "known are ask,"),
        Slip('["environment"]', '["enviroment"]', "cleaned.fields", "no field enviroment"),
        Slip('["in_progress"]', '["in progress"]', "repaired.statuses", "no status in progress"),
        Slip("phản ánh {code} (", "phản ánh {cod} (", "ask-where.text.vi", "{cod}, which is never"),
        Slip("phản ánh {code} (", "phản ánh (", "ask-where.text.vi", "lacks {code}, which another"),
        Slip("in report {code} (", "in report {code (", "ask-where.text.en", "cannot be filled"),
        Slip('code = "cleaned"', 'code = "repaired"', "template.repaired", "there twice"),
        Slip('name = { vi = "Hỏi rõ vị trí", en', "name = { en", "ask-where.name.vi", "missing"),
    ),
    "calendar.toml": (
        Slip("2026-01-02, #", "2026-02-30, #", "line 13", "Invalid date"),
        Slip(
            '"08:00-12:00", "13:30',
            '"08:00-12:00", "11:30',
            "calendar.office.hours",
            "after the other",
        ),
        Slip("08:00-12:00", "8-12", "calendar.office.hours.monday", "span of time"),
        Slip("monday = [", "mondag = [", "calendar.office.hours.mondag", "not a weekday"),
        Slip('"friday"', '"fryday"', "calendar.office.open.2026-01-10", "weekday"),
        Slip("2026-01-10 =", "2026-01-32 =", "calendar.office.open.2026-01-32", "date"),
        Slip('"friday"', '"sunday"', "calendar.office.open.2026-01-10", "no hours"),
        Slip("2026-01-10 =", "2026-01-02 =", "calendar.office.open.2026-01-02", "closed days"),
        Slip('holidays = "VN"', 'holidays = "XX"', "calendar.office.holidays", "country XX"),
        Slip("always = true", "", "calendar.always", "either hours or always"),
    ),
    "routing.toml": (
        Slip("[[rule]]", "[[rules]]", "rules", "not a key here; known are rule"),
        Slip('"thanh-tra"', '"thanhtra"', "rule.office-complaints.agency", "no agency thanhtra"),
        Slip('"petty-', '"pety-', "rule.office-complaints.categories", "category pety-"),
        Slip('["administration"]', '["admin"]', "rule.one-stop.fields", "no field admin"),
        Slip('code = "planning"', 'code = "planning"\nunits = ["9"]', "planning.units", "unit 9"),
        Slip('road = "main"', 'street = "main"', "rule.main-roads.answers.street", "asks street"),
        Slip('road = "main"', 'road = "motorway"', "rule.main-roads.answers.road", "no answer"),
        Slip("22:00-06:00", "22:00-26:00", "rule.noise-at-night.hours", "span of time"),
        Slip("22:00-06:00", "at night", "rule.noise-at-night.hours", "span of time"),
    ),
    "categories.toml": (
        Slip("proof = true", 'proof = "yes"', "category.pothole.proof", "`bool`"),
        Slip("proof = true", 'sender = "passport"', "category.pothole.sender", "known are device"),
        Slip("proof = true", 'valid_to = "soon"', "category.pothole.valid_to", "date"),
        Slip('code = "pothole"', 'code = "ổ gà"', "category.ổ gà.code", "matching"),
        Slip('kind = "number"', 'kind = "no"', "pothole.questions.width.kind", "text,"),
        Slip('"traffic"\nname', '"trafic"\nname', "pothole.field", "no field traffic"),
        Slip('calendar = "always"', 'calendar = "x"', "category.accident", "calendar x"),
        Slip('kind = "choice"', 'kind = "text"', "pothole.questions.road.choices", "no other"),
        Slip("proof = true", "counts = true", "category.pothole.counts", "only for"),
        Slip('code = "width"', 'code = "road"', "pothole.questions.road", "there twice"),
    ),
    "units.csv": (
        Slip(",area_km2,", ",area,", "line 1", "unknown column area"),
        Slip("name_en,", "nom,", "line 1", "no column name_en"),
        Slip("105.838,", "105..8,", "line 2, lon", "`float`"),
        Slip("Ba Dinh,phường", ",phường", "line 2, name.en", "missing"),
        Slip("Ba Dinh,phường,", "Ba Dinh,", "line 2", "has 6 cells, the header 7"),
        Slip("2.97", "-2.97", "line 2, area_km2", "> 0"),
        Slip("area_km2,", "population,", "line 2, population", "`int | null`"),
        Slip("00008,", "00004,", "line 3", "the code 00004 is there twice"),
        Slip("105.816", "115.816", "line 3", "outside the city"),
    ),
    "procedures.csv": (
        Slip('"Đăng', "Đăng", "line 5", "cells"),
        Slip("so-du-lich", "so-du-lch", "line 30, agency", "no agency so-du-lch"),
    ),
    "agencies.toml": (
        Slip('"ubnd-tp"\n\n[[', '"tp"\n\n[[', "van-phong-ubnd.parent", "no agency tp"),
        Slip('"ubnd-tp"\nvalid_from = 2025-07', '"x"\nvalid_from = 2025-07', "own.parent", "x"),
        Slip('code = "thanh-tra"', 'code = "thanh-tra"\nunit = "7"', "thanh-tra.unit", "unit 7"),
        Slip('code = "thanh-tra"', 'code = "thanh-tra"\ncalendar = "z"', "thanh-tra", "calendar z"),
        Slip('code = "ubnd-tp"', 'code = "ubnd-tp"\nparent = "thanh-tra"', "parent", "goes round"),
        Slip('code = "cong-an"', 'code = "thanh-tra"', "agency.thanh-tra", "there twice"),
        Slip('code = "cong-an"', 'code = "own"', "agency.own", "means the agency"),
        Slip(
            "valid_from = 2025-03-01",
            "valid_from = 2025-03-01\nvalid_to = 2024-01-01",
            "agency.so-xay-dung",
            "before",
        ),
        Slip('"ubnd-{unit}"', '"ubnd-unit"', "own.code", "must hold {unit}"),
        Slip('"People\'s Committee of {name}"', '"PC of {nam}"', "own.name.en", "{nam}"),
        Slip('"People\'s Committee of {name}"', '"PC of {name"', "own.name.en", "braces"),
        Slip("[own]", "[other]", "other", "known are own, agency"),
        Slip("[own]", "[[agency]]", "agency.ubnd-{unit}.code", "matching"),
    ),
    "former_units.csv": (
        Slip("46798,00097", "46798,00098", "line 2, now", "no unit 00098"),
        Slip("105.848112", "5.848112", "line 2", "outside the city"),
    ),
}
"""File → what is done in it."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of Hanoi's pack, with the software's own words beside it, to make mistakes in."""
    for words in (PROJECT / "config").glob("messages.*.toml"):
        copy(words, tmp_path)
    return copytree(PROJECT / "config" / "hanoi", tmp_path / "hanoi")


def edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text("utf-8")
    assert old in text, f"{file} no longer has {old}"
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")


def mistakes_in(folder: Path) -> tuple[Mistake, ...]:
    with pytest.raises(PackError) as caught:
        load_city(folder)
    return caught.value.mistakes


def is_told(file: str, slip: Slip, mistakes: Iterable[Mistake]) -> bool:
    return any(
        mistake.file == file and slip.where in mistake.where and slip.reason in mistake.reason
        for mistake in mistakes
    )


@pytest.mark.parametrize(
    ("file", "slip"),
    [
        pytest.param(file, slip, id=f"{file}: {slip.where}: {slip.reason}")
        for file, slips in SLIPS.items()
        for slip in slips
    ],
)
def test_a_mistake_is_told_with_its_place_and_reason(folder: Path, file: str, slip: Slip) -> None:
    edit(folder, file, slip.old, slip.new)
    mistakes = mistakes_in(folder)
    assert is_told(file, slip, mistakes), "\n".join(map(str, mistakes[:10]))


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    """One in each file, of those that do not hide the others."""
    chosen = {
        "windows.reopen_days",
        "category.pothole.proof",
        "limit[1].resolve_h",
        "reason.formal-complaint.txt",
        "template.ask-where.action",
        "calendar.office.open.2026-01-32",
        "rule.noise-at-night.hours",
        "own.name.en",
        "line 2, lon",
        "line 2, now",
        "line 30, agency",
    }
    slips = {file: slip for file, slips in SLIPS.items() for slip in slips if slip.where in chosen}
    assert slips.keys() == SLIPS.keys()
    for file, slip in slips.items():
        edit(folder, file, slip.old, slip.new)
    mistakes = mistakes_in(folder)
    for file, slip in slips.items():
        assert is_told(file, slip, mistakes), "\n".join(map(str, mistakes))


def test_a_unit_whose_code_lost_its_zeros_is_missed(folder: Path) -> None:
    """As a spreadsheet writes it that takes codes for numbers."""
    edit(folder, "units.csv", "00004,", "4,")
    reasons = {mistake.reason for mistake in mistakes_in(folder)}
    assert reasons == {"there is no unit 00004"}


def test_an_unreadable_file_does_not_make_others_seem_wrong(folder: Path) -> None:
    edit(folder, "categories.toml", "[[field]]", "[[field]")
    edit(folder, "agencies.toml", "[own]", "[own")
    assert {(mistake.file, mistake.where) for mistake in mistakes_in(folder)} == {
        ("categories.toml", "line 9"),
        ("agencies.toml", "line 124"),
    }


def test_a_malformed_thing_is_not_missed_by_those_that_name_it(folder: Path) -> None:
    edit(folder, "categories.toml", "proof = true", "proof = 1")
    assert [mistake.where for mistake in mistakes_in(folder)] == ["category.pothole.proof"]


def test_a_reference_in_a_malformed_thing_is_checked_too(folder: Path) -> None:
    edit(folder, "categories.toml", "proof = true", "proof = 1")
    edit(folder, "categories.toml", '"traffic"\nname = { vi = "M', '"x"\nname = { vi = "M')
    assert [mistake.where for mistake in mistakes_in(folder)] == [
        "category.pothole.proof",
        "category.pothole.field",
    ]


def test_a_calendar_that_is_only_meant_is_missed(folder: Path) -> None:
    """Agencies and categories work by `office` where they name no other."""
    edit(folder, "calendar.toml", 'code = "office"', 'code = "bureau"')
    assert {mistake.reason for mistake in mistakes_in(folder)} == {"there is no calendar office"}


def test_a_unit_without_an_agency_is_told_when_a_rule_says_own(folder: Path) -> None:
    agencies = folder / "agencies.toml"
    agencies.write_text(agencies.read_text("utf-8").partition("[own]")[0], "utf-8")
    told = [mistake for mistake in mistakes_in(folder) if "agency of their own" in mistake.reason]
    assert [mistake.where for mistake in told] == [
        "rule.lanes-and-pavements.agency",
        "rule.street-level.agency",
    ]
    assert "126 units" in told[0].reason


def test_a_template_of_agencies_that_is_wrong_does_not_make_the_rules_seem_so(folder: Path) -> None:
    edit(folder, "agencies.toml", 'code = "ubnd-{unit}"', "code = 1")
    assert [mistake.where for mistake in mistakes_in(folder)] == ["own.code"]


def test_own_needs_units(folder: Path) -> None:
    (folder / "units.csv").unlink()
    (folder / "former_units.csv").unlink()
    assert {mistake.reason for mistake in mistakes_in(folder)} == {"“own”, but there are no units"}


def test_a_unit_with_an_agency_in_the_list_gets_no_second_one(folder: Path) -> None:
    edit(folder, "agencies.toml", 'code = "thanh-tra"', 'code = "thanh-tra"\nunit = "00004"')
    city = load_city(folder)
    assert "ubnd-00004" not in city.agencies
    assert city.own_agency("00004") == city.agencies["thanh-tra"]


def test_a_missing_file_is_told(folder: Path) -> None:
    (folder / "reasons.toml").unlink()
    assert mistakes_in(folder) == (Mistake("reasons.toml", "", "the file is missing"),)


def test_a_folder_that_is_no_pack_is_told(tmp_path: Path) -> None:
    assert Mistake("city.toml", "", "the file is missing") in mistakes_in(tmp_path / "nowhere")


def test_a_file_under_a_misspelt_name_is_told(folder: Path) -> None:
    (folder / "unit.csv").write_text("code\n")
    assert mistakes_in(folder) == (Mistake("unit.csv", "", "is not a file of a pack"),)


def test_a_file_in_another_encoding_is_told_with_its_line(folder: Path) -> None:
    (folder / "reasons.toml").write_bytes("# one\n# L\xfd do\n".encode("latin-1"))
    assert mistakes_in(folder) == (Mistake("reasons.toml", "line 2", "is not UTF-8"),)


def test_a_file_that_a_spreadsheet_marked_as_unicode_is_read(folder: Path) -> None:
    units = folder / "units.csv"
    units.write_text(units.read_text("utf-8"), "utf-8-sig")
    assert len(load_city(folder).units) == 126


def test_a_pack_error_lists_its_mistakes_one_a_line(folder: Path) -> None:
    edit(folder, "units.csv", "105.816", "115.816")
    with pytest.raises(PackError, match=r"units\.csv: line 3: 00008 at 115\.816"):
        load_city(folder)
