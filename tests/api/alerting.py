"""Alerts as officers write them, for the tests of several modules."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from smartcity.clock import now
from tests.api.town import Answer, Person

WORDS: Mapping[str, dict[str, str]] = {
    "vi": {
        "event": "Ngập lụt",
        "headline": "Nước sông Hồng dâng cao",
        "description": "Nước sẽ vượt báo động 3 trong đêm nay.",
        "instruction": "Di chuyển lên chỗ cao.",
    },
    "en": {
        "event": "Flood",
        "headline": "The Red River is rising",
        "description": "The water will pass alarm level 3 tonight.",
        "instruction": "Move to higher ground.",
    },
}


def flood(**changed: Any) -> dict[str, Any]:
    """A minor flood in Hoàn Kiếm, which one officer may issue alone."""
    return {
        "category": "Met",
        "severity": "Minor",
        "urgency": "Expected",
        "certainty": "Likely",
        "texts": dict(WORDS),
        "area": {"units": ["00070"]},
        "expires": (now() + timedelta(hours=6)).isoformat(),
    } | changed


async def create(officer: Person, key: str | None = None, **changed: Any) -> Answer:
    headers = {"Idempotency-Key": key or uuid4().hex}
    return await officer.ask("POST", "/v1/alerts", json=flood(**changed), headers=headers)


async def created(officer: Person, **changed: Any) -> dict[str, Any]:
    answer = await create(officer, **changed)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def act(
    officer: Person,
    alert: Mapping[str, Any] | str,
    *actions: str | dict[str, Any],
    version: int | None = None,
    key: str | None = None,
) -> Answer:
    """Take some actions on an alert: at the version that was seen, unless another is given."""
    headers = {"Idempotency-Key": key} if key else {}
    if not isinstance(alert, str):
        version = version or alert["version"]
        alert = str(alert["id"])
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    steps = [{"action": one} if isinstance(one, str) else one for one in actions]
    body = steps[0] if len(steps) == 1 else steps
    return await officer.ask("POST", f"/v1/alerts/{alert}/actions", json=body, headers=headers)


async def issued(officer: Person, **changed: Any) -> dict[str, Any]:
    """An alert that went out."""
    answer = await act(officer, await created(officer, **changed), "issue")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def revise(
    officer: Person, alert: Mapping[str, Any], version: int | None = None, **changed: Any
) -> Answer:
    headers = {"If-Match": f'"{version or alert["version"]}"'}
    return await officer.ask(
        "PUT", f"/v1/alerts/{alert['id']}/draft", json=flood(**changed), headers=headers
    )
