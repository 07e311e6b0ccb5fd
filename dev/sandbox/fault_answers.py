"""How faults look to the client: answers in place of the right one, and right answers spoilt."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from dev.sandbox.answers import Answer, error
from dev.sandbox.faults import Fault

Payload = dict[str, Any] | list[Any]

BOMB_BYTES = 200 * 1024 * 1024
GARBAGE = b"kinopoisk: unexpected token '<' at 0"
_HTML = (
    "<html>\r\n<head><title>{0}</title></head>\r\n"
    "<body>\r\n<center><h1>{0}</h1></center>\r\n<hr><center>nginx/1.24.0</center>\r\n</body>\r\n</html>\r\n"
)
_NEVER_NULL = {
    *("kinopoiskId", "filmId", "posterUrl", "posterUrlPreview", "reviewsCount", "webUrl", "isTicketsAvailable"),
    *("type", "lastSync", "countries", "genres", "relationType"),
}
_WRONG_TYPES = {
    "nameRu": 301,
    "nameOriginal": ["The Matrix"],
    "year": "скоро",
    "filmLength": {"minutes": 136},
    "rating": {"value": 8.5},
    "ratingKinopoisk": "высокий",
    "ratingKinopoiskVoteCount": "много",
    "ratingVoteCount": [],
    "genres": "драма",
    "countries": {"country": "США"},
    "type": 7,
    "posterUrl": False,
}


def replacement(fault: Fault) -> Answer:
    """What comes instead of an answer."""
    match fault.kind:
        case "status":
            answer = error(fault.status or 500)
            return answer if fault.body == "json" else Answer(answer.status, b"")
        case "html":
            return _html(fault.status or 502)
        case "redirect":
            location = "https://kinopoiskapiunofficial.tech/maintenance"
            return Answer(fault.status or 302, b"", (("location", location),))
        case "gzip_bomb":
            return Answer(200, gzip_bomb(), (("content-type", "application/json"), ("content-encoding", "gzip")))
        case kind:
            return Answer(200, GARBAGE if kind == "garbage" else b"")


def spoil_payload(kind: str, payload: Payload) -> None:
    if change := _PAYLOAD_CHANGES.get(kind):
        for film in _films(payload):
            change(film)


def spoil_body(kind: str, body: bytes) -> bytes:
    """Put something that JSON or a database chokes on at the head of each Russian name."""
    start = b'"nameRu":"'
    return body.replace(start, start + _POISONS[kind]) if kind in _POISONS else body


@cache
def gzip_bomb() -> bytes:
    """White space that JSON allows, 1,000 times larger than what is sent."""
    gzip = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    block = b" " * (1024 * 1024)
    blocks = (gzip.compress(block) for _ in range(BOMB_BYTES // len(block)))
    return b"".join((*blocks, gzip.flush()))


def _html(status: int) -> Answer:
    title = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}
    page = _HTML.format(f"{status} {title.get(status, 'Error')}")
    return Answer(status, page.encode(), (("content-type", "text/html"),))


def _films(payload: Payload) -> Iterator[dict[str, Any]]:
    """The films of an answer, whatever its shape."""
    if isinstance(payload, list):
        yield from payload
    else:
        yield from payload.get("films") or payload.get("items") or [payload]


def _nulls(film: dict[str, Any]) -> None:
    film.update(dict.fromkeys(film.keys() - _NEVER_NULL))


def _wrong_types(film: dict[str, Any]) -> None:
    film.update({key: value for key, value in _WRONG_TYPES.items() if key in film})


def _unknown_enum(film: dict[str, Any]) -> None:
    if "type" in film:
        film["type"] = "HOLOGRAM"
    if "relationType" in film:
        film["relationType"] = "HOLOGRAM"
    if "genres" in film:
        film["genres"] = [*film["genres"], {"genre": "киберпанк"}]


_PAYLOAD_CHANGES: Mapping[str, Callable[[dict[str, Any]], None]] = {
    "nulls": _nulls,
    "wrong_types": _wrong_types,
    "unknown_enum": _unknown_enum,
}
_POISONS: Mapping[str, bytes] = {"bad_utf8": b"\xff\xfe", "surrogate": b"\\ud800", "null_bytes": b"\\u0000"}
