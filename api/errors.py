"""Problems (RFC 9457): one class a code, rendered in one place. Clients branch on `code`; nothing sent is echoed."""

import re
from typing import Any, ClassVar

import orjson
import structlog
from starlette.responses import Response
from starlette.types import Scope

PROBLEM_JSON = "application/problem+json"


class Problem(Exception):
    """What a client did wrong, or why it cannot be served now."""

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]
    detail: ClassVar[str]
    # Members beyond those of RFC 9457, as /docs shows them.
    example: ClassVar[dict[str, Any]] = {}

    def __init__(self, *, retry_after: float | None = None, **extensions: Any) -> None:
        super().__init__(self.code)
        self.extensions = extensions
        self.headers = {} if retry_after is None else {"Retry-After": str(max(1, round(retry_after)))}


class BrokenOff(Exception):
    """An answer that has begun cannot be finished; why is told already. Its connection is cut, so that this shows."""


class MalformedRequest(Problem):
    status, code, title = 400, "malformed-request", "The request cannot be read"
    detail = "Send valid UTF-8, and JSON that is well formed and not nested deeply."


class Unauthorized(Problem):
    status, code, title = 401, "unauthorized", "A valid access token is needed"
    detail = "Log in and send the token as Authorization: Bearer <token>."

    def __init__(self) -> None:
        super().__init__()
        self.headers = {"WWW-Authenticate": "Bearer"}


class InvalidCredentials(Problem):
    status, code, title = 401, "invalid-credentials", "Username or password is wrong"
    detail = "Check both and try again."

    def __init__(self) -> None:
        super().__init__()
        self.headers = {"WWW-Authenticate": "Bearer"}


class WrongPassword(Problem):
    status, code, title = 403, "wrong-password", "The password is wrong"
    detail = "Send the password of this account as it is now."


class NotFound(Problem):
    status, code, title = 404, "not-found", "There is nothing at this address"
    detail = "The list of addresses is at /docs."


class FilmNotFound(Problem):
    status, code, title = 404, "film-not-found", "Kinopoisk has no such film"
    detail = "Check the id; it is the number in the film's address on kinopoisk.ru."


class FavouriteNotFound(Problem):
    status, code, title = 404, "favorite-not-found", "The film is not among your favourites"
    detail = "Add it with POST /movies/favorites."


class HiddenFilmNotFound(Problem):
    status, code, title = 404, "hidden-film-not-found", "The film is not among those that you hid"
    detail = "GET /movies/hidden lists them."


class SessionNotFound(Problem):
    status, code, title = 404, "session-not-found", "You have no such session"
    detail = "GET /profile/sessions lists them."


class MethodNotAllowed(Problem):
    status, code, title = 405, "method-not-allowed", "This address does not take this method"
    detail = "The Allow header names the methods that it takes."


class UsernameTaken(Problem):
    status, code, title = 409, "username-taken", "This username is taken"
    detail = "Choose another; upper and lower case count as the same."


class FavouritesLimitReached(Problem):
    status, code, title = 409, "favorites-limit-reached", "The list of favourites is full"
    detail = "Remove a favourite before you add another."


class HiddenLimitReached(Problem):
    status, code, title = 409, "hidden-limit-reached", "The list of hidden films is full"
    detail = "Unhide one before you hide another."


class ContentTooLarge(Problem):
    status, code, title = 413, "content-too-large", "The body is too large"
    detail = "No call of this service needs a body of this size."


class UriTooLong(Problem):
    status, code, title = 414, "uri-too-long", "The address is too long"
    detail = "No call of this service needs an address of this length."


class UnsupportedMediaType(Problem):
    status, code, title = 415, "unsupported-media-type", "The body has the wrong content type"
    detail = "Send application/json in UTF-8."


class InvalidRequest(Problem):
    status, code, title = 422, "invalid-request", "The request has invalid values"
    detail = "`errors` names each place."


class BadCursor(Problem):
    status, code, title = 422, "bad-cursor", "The cursor is invalid"
    detail = "Send next_cursor as the page before gave it, or none for the first page."


class UnknownGenre(Problem):
    status, code, title = 422, "unknown-genre", "There is no such genre"
    detail = "`genres` lists what can be asked for, `nearest` is what was perhaps meant."
    example: ClassVar[dict[str, Any]] = {"genres": ["drama", "comedy"], "nearest": "comedy"}


class InternalError(Problem):
    status, code, title = 500, "internal-error", "Something went wrong here"
    detail = "It is in the log under the request id."


class Unavailable(Problem):
    status, code, title = 503, "unavailable", "The service cannot answer at the moment"
    detail = "Nothing was changed, unless a command was being stored: it is safe to send it again."


class HashingBusy(Problem):
    status, code, title = 503, "busy", "Too many logins at the moment"
    detail = "Try again in a moment."


class RefreshTooSoon(Problem):
    status, code, title = 429, "refresh-too-soon", "A refresh was asked for a short while ago"
    detail = "Retry-After says when this film, or you, may ask again."


class UpstreamProblem(Problem):
    """Why Kinopoisk is not asked for something that is not stored."""


class UpstreamShareUsed(UpstreamProblem):
    status, code, title = 429, "upstream-share-used", "Your share of questions to Kinopoisk is used up for now"
    detail = "What is stored is still served, and searches find it; this was not stored yet."


class UpstreamQuotaExhausted(UpstreamProblem):
    status, code, title = 503, "upstream-quota-exhausted", "Kinopoisk's quota of calls is used up"
    detail = "What is stored is still served; this was not stored yet."


class UpstreamBusy(UpstreamProblem):
    status, code, title = 503, "upstream-busy", "Too many questions to Kinopoisk at the moment"
    detail = "Try again in a moment."


class UpstreamUnavailable(UpstreamProblem):
    status, code, title = 503, "upstream-unavailable", "Kinopoisk cannot be reached at the moment"
    detail = "What is stored is still served; this was not stored yet."


def respond(problem: Problem, scope: Scope) -> Response:
    """The problem as an answer to this request, whose scope keeps the code for the metrics."""
    path = scope["path"]
    scope["problem"] = problem.code
    body = {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": path if re.fullmatch(r"[A-Za-z0-9/._-]{1,200}", path) else "/",
        "code": problem.code,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        **problem.extensions,
    }
    return Response(orjson.dumps(body), problem.status, {"Cache-Control": "no-store", **problem.headers}, PROBLEM_JSON)
