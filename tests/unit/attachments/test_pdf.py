"""Documents: kept as they are, or refused."""

import pikepdf
import pytest

from smartcity.attachments.media import MediaType, NotAcceptedError, Refusal, recognise
from smartcity.attachments.pdf import inspect
from tests.unit.sample_files import document

ACTIVE: dict[str, bytes] = {
    "a script on opening": b"/OpenAction <</S /JavaScript /JS (app.alert(1))>>",
    "a named script": b"/Names <</JavaScript <</Names []>> >>",
    "a program on opening": b"/OpenAction <</S /Launch /F (cmd.exe)>>",
    "a script after another action": (
        b"/OpenAction <</S /GoTo /Next [<</S /JavaScript /JS (app.alert(1))>>]>>"
    ),
    "a file inside": b"/Names <</EmbeddedFiles <</Names []>> >>",
    "a form with scripts": b"/AcroForm <</XFA [] /Fields []>>",
}


def refusal(content: bytes) -> Refusal:
    with pytest.raises(NotAcceptedError) as refused:
        inspect(content)
    return refused.value.refusal


def test_a_plain_document_is_taken() -> None:
    content = document()
    assert recognise(content) is MediaType.PDF
    inspect(content)


@pytest.mark.parametrize("what", ACTIVE)
def test_a_document_that_does_things_is_refused(what: str) -> None:
    content = document(catalog=ACTIVE[what])
    assert ACTIVE[what].split()[0] not in content, "it is hidden in a compressed object stream"
    assert refusal(content) is Refusal.ACTIVE


def test_a_name_written_in_another_way_is_the_same_name() -> None:
    content = document(
        catalog=b"/OpenAction <</S /JavaScript /JS (app.alert(1))>>",
        objects=pikepdf.ObjectStreamMode.disable,
    )
    disguised = content.replace(b"/JavaScript", b"/J#61vaScript").replace(b"/JS", b"/J#53")
    assert disguised != content
    assert refusal(disguised) is Refusal.ACTIVE


def test_a_script_that_a_later_revision_hides_is_found() -> None:
    content = document() + b"\n99 0 obj <</S /JavaScript /JS (app.alert(1))>> endobj\n"
    assert refusal(content) is Refusal.ACTIVE


@pytest.mark.parametrize("password", ["", "secret"])
def test_an_encrypted_document_is_refused(password: str) -> None:
    content = document(encryption=pikepdf.Encryption(owner="owner", user=password))
    assert refusal(content) is Refusal.ENCRYPTED


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"%PDF-1.7\n" + b"garbage" * 1000])
def test_a_damaged_document_is_refused(content: bytes) -> None:
    assert refusal(content) is Refusal.UNREADABLE
