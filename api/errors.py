"""Turns every refusal into a problem document (RFC 9457). The one translator there is.

A problem has a `code` that clients may rely on, a `detail` in the caller's language, the `fields`
that were not accepted, and the error's own details as further members.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final, cast

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, SerializationException
from msgspec.structs import replace

from api.forms import Say, form_of
from api.languages import language_of, said_in
from api.parameters import name_of
from smartcity.city.model import City
from smartcity.errors import FieldError, Invalid, SmartCityError, Unavailable
from smartcity.storage.mongo import UNREACHABLE

log = structlog.get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 2
"""When an unreachable database may be asked again: an election takes about as long."""

Handler = Callable[[Request[Any, Any, Any], Any], Response[Any]]

_LACKING: Final = re.compile(r"Missing required \w+ parameter '(?P<name>[^']+)'")
_AT_PATH: Final = re.compile(r"^(?P<reason>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)

_MEMBER: Final = re.compile(
    r"^Object (?:(?P<lacking>missing required)|contains unknown) field `(?P<name>[^`]+)`$"
)
_CHOICE: Final = re.compile(r"^Invalid (enum )?value ")

_BODY: Final = "data"
"""What Litestar calls the whole body."""


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The document, as the OpenAPI document describes it; an error's details stand beside these."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    fields: list[FieldError] = []


_BY_STATUS: Final = {error.status: error for error in SmartCityError.__subclasses__()}
"""The branches of the tree; what the framework refuses is no narrower kind."""


class Problems:
    """Writes problem documents in one city's languages."""

    def __init__(self, city: City) -> None:
        self._city = city

    @property
    def handlers(self) -> dict[int | type[Exception], Handler]:
        """What Litestar asks for each kind of exception."""
        return {
            SmartCityError: self._refused,
            HTTPException: self._by_framework,
            **dict.fromkeys(UNREACHABLE, self._unreachable),
            Exception: self._unexpected,
        }

    def _refused(self, request: Request[Any, Any, Any], error: SmartCityError) -> Response[Any]:
        language = language_of(request, self._city)
        problem = Problem(
            type=f"urn:smartcity:problem:{error.code}",
            title=HTTPStatus(error.status).phrase,
            status=error.status,
            code=error.code,
            detail=self._city.messages.render(language, f"errors.{error.code}", **error.details),
            fields=list(error.fields),
        )
        headers = said_in(language)
        if error.retry_after_s is not None:
            headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
        if error.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        return Response(
            error.details | msgspec.to_builtins(problem),
            status_code=error.status,
            media_type=MEDIA_TYPE,
            headers=headers,
        )

    def _by_framework(self, request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            if mistake := _in_the_body(error, self._say(request)):
                return self._refused(request, Invalid(mistake))
            return self._unexpected(request, error)
        kind = _BY_STATUS.get(error.status_code, Invalid)
        fields = _fields(request, error, self._say(request))
        response = self._refused(request, kind(*fields))
        if allow := (error.headers or {}).get("allow"):
            response.headers["Allow"] = allow
        return response

    def _say(self, request: Request[Any, Any, Any]) -> Say:
        return partial(self._city.messages.render, language_of(request, self._city))

    def _unreachable(self, request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        log.warning("database unreachable", path=request.url.path, error=str(error)[:300])
        return self._refused(request, Unavailable(retry_after_s=RETRY_AFTER_S))

    def _unexpected(self, request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
        return self._refused(request, SmartCityError())


def _fields(request: Request[Any, Any, Any], error: HTTPException, say: Say) -> list[FieldError]:
    """What Litestar and msgspec say of the input, as paths and reasons."""
    if lacking := _LACKING.match(error.detail):
        return [FieldError(lacking["name"], "required")]
    if isinstance(error.__cause__, SerializationException):
        return [FieldError("body", "unreadable")]
    extra = cast("list[Mapping[str, Any]] | None", error.extra)
    found = [_field(_placed(item, error.__cause__), say) for item in extra or ()]
    return [replace(field, path=_in_the_request(request, field.path)) for field in found]


def _placed(item: Mapping[str, Any], cause: BaseException | None) -> Mapping[str, Any]:
    """Of a body that is a list, Litestar says only that it is wrong; msgspec still says where."""
    message = str(cause)
    in_a_list = item.get("key") == _BODY and f"`$.{_BODY}[" in message
    return {"message": message} if in_a_list else item


def _in_the_request(request: Request[Any, Any, Any], path: str) -> str:
    """A path that Litestar begins with the name of a handler's argument."""
    if path.startswith(f"{_BODY}["):
        return path.removeprefix(_BODY)
    argument, dot, rest = path.partition(".")
    if argument == _BODY:
        return rest
    return f"{name_of(request, argument)}{dot}{rest}"


def _in_the_body(error: HTTPException, say: Say) -> FieldError | None:
    """A mistake in a member of the body that has the name of a dependency (`address`): Litestar
    takes it for one of ours.
    """
    message = str(error.__cause__)
    if not isinstance(error.__cause__, msgspec.ValidationError) or f"`$.{_BODY}" not in message:
        return None
    found = _field({"message": message}, say)
    return replace(found, path=found.path.removeprefix(_BODY).removeprefix("."))


def _field(item: Mapping[str, Any], say: Say) -> FieldError:
    found = _AT_PATH.match(str(item.get("message", "")))
    assert found is not None, "the pattern matches every text"
    path, reason = found["path"] or str(item.get("key", "")), found["reason"]
    if member := _MEMBER.match(reason):
        name = member["name"] if path in ("", _BODY) else f"{path}.{member['name']}"
        return FieldError(name, "required" if member["lacking"] else "unknown")
    if _CHOICE.match(reason):
        return FieldError(path, "unknown")
    return FieldError(path, *form_of(reason, say))
