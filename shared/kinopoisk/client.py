"""The client: one shared HTTP connection pool, every wait and every size bounded, the key in a header only."""

import asyncio
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import orjson
import structlog
from pydantic import ValidationError

from shared import metrics, sentry
from shared.kinopoisk import errors
from shared.kinopoisk.models import Answer, Film, FoundArray, FoundPage, KeyState

log = structlog.get_logger()
Parsed = TypeVar("Parsed", bound=Answer)
Page = TypeVar("Page", bound=FoundPage)
Read = TypeVar("Read")

REFUSALS = {
    401: errors.KeyRefused,
    402: errors.QuotaExhausted,
    403: errors.KeyRefused,
    429: errors.TooFast,
}


@dataclass(frozen=True)
class Bounds:
    """How long and how much a call may take: seconds, decoded bytes, connections."""

    connect_timeout: float
    read_timeout: float
    deadline: float
    max_body_bytes: int
    max_connections: int


class KinopoiskClient:
    """Asks Kinopoisk; raises the errors of shared.kinopoisk.errors and nothing else."""

    def __init__(self, base_url: str, api_key: str, bounds: Bounds) -> None:
        self._bounds = bounds
        self._key = api_key
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={b"X-API-KEY": api_key.encode(), b"Accept": b"application/json", b"Accept-Encoding": b"gzip"},
            timeout=httpx.Timeout(bounds.read_timeout, connect=bounds.connect_timeout, pool=bounds.connect_timeout),
            limits=httpx.Limits(max_connections=bounds.max_connections, keepalive_expiry=15),
            follow_redirects=False,
            trust_env=False,
        )

    async def film(self, kinopoisk_id: int) -> str:
        """The body as received; it holds that film."""

        def read(body: str) -> str:
            if parse(Film, body).kinopoisk_id != kinopoisk_id or not _is_json(body):
                raise errors.MalformedAnswer
            return body

        return await self._get("film", f"/api/v2.2/films/{int(kinopoisk_id)}", read)

    async def search(self, keyword: str, page: int) -> FoundPage:
        """One page of films whose name contains the keyword; 20 a page."""
        params = {"keyword": keyword, "page": page}
        return await self._list(FoundPage, "search", "/api/v2.1/films/search-by-keyword", params)

    async def collection(self, name: str, page: int) -> FoundPage:
        """One page of a collection, in its order; 20 a page."""
        params = {"type": name, "page": page}
        return await self._list(FoundPage, "collection", "/api/v2.2/films/collections", params)

    async def similars(self, kinopoisk_id: int) -> FoundPage:
        """All similar films; each tells names and posters only."""
        return await self._list(FoundPage, "similars", f"/api/v2.2/films/{int(kinopoisk_id)}/similars")

    async def sequels_and_prequels(self, kinopoisk_id: int) -> FoundPage:
        """All films of its franchise but itself; each tells names and posters only."""
        path = f"/api/v2.1/films/{int(kinopoisk_id)}/sequels_and_prequels"
        return await self._list(FoundArray, "sequels_and_prequels", path)

    async def key_state(self) -> KeyState:
        """The plan of the key and what is used of it. The key is in this path: no address is ever logged."""
        try:
            path = f"/api/v1/api_keys/{quote(self._key, safe='')}"
            return await self._get("api_keys", path, partial(parse, KeyState))
        except errors.FilmUnknown:
            raise errors.MalformedAnswer from None

    async def close(self) -> None:
        await self._http.aclose()

    async def _list(
        self, kind: type[Page], endpoint: str, path: str, params: dict[str, Any] | None = None
    ) -> FoundPage:
        """Films of a list; a 404 says that it has none."""
        try:
            return await self._get(endpoint, path, partial(parse, kind), params)
        except errors.FilmUnknown:
            return FoundPage()

    async def _get(
        self, endpoint: str, path: str, read: Callable[[str], Read], params: dict[str, Any] | None = None
    ) -> Read:
        """What `read` makes of the body of a 200; tells the call with what came of it."""
        started, outcome, statuses = time.perf_counter(), "answered", list[int]()
        try:
            async with asyncio.timeout(self._bounds.deadline):
                return read((await self._send(path, params, statuses)).decode())
        except errors.KinopoiskError as error:
            outcome = error.code
            raise
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            outcome = type(error).__name__
            busy = isinstance(error, httpx.PoolTimeout)
            raise (errors.NoConnection if busy else errors.KinopoiskUnavailable) from None
        except UnicodeError:  # no UTF-8 in the answer, or no letters in the question
            outcome = errors.MalformedAnswer.code
            raise errors.MalformedAnswer from None
        finally:
            _tell(endpoint, statuses[0] if statuses else None, outcome, (time.perf_counter() - started) * 1000)

    async def _send(self, path: str, params: dict[str, Any] | None, statuses: list[int]) -> bytes:
        """The body of a 200; every other status by its own error, whatever its body may be."""
        # Never sent again by itself: upstream may have counted a call that it did not answer.
        response = await self._http.send(self._http.build_request("GET", path, params=params), stream=True)
        statuses.append(response.status_code)
        try:
            check_status(response)
            return await bounded_body(response, self._bounds.max_body_bytes)
        finally:
            await response.aclose()


def _tell(endpoint: str, status: int | None, outcome: str, milliseconds: float) -> None:
    log.info("kinopoisk_called", endpoint=endpoint, status=status, outcome=outcome, duration_ms=round(milliseconds, 1))
    metrics.count(f"kinopoisk.calls.{endpoint}.{status or 'none'}")
    metrics.count(f"kinopoisk.outcomes.{endpoint}.{outcome}")
    metrics.timing(f"kinopoisk.duration.{endpoint}", milliseconds)
    if outcome == errors.MalformedAnswer.code:
        sentry.alarm("upstream-malformed", "Kinopoisk answers what cannot be read", endpoint=endpoint)


async def bounded_body(response: httpx.Response, limit: int) -> bytes:
    """The decoded body; raises MalformedAnswer beyond the limit, before a gzip bomb can unfold in memory."""
    encoding = response.headers.get("content-encoding", "identity").lower()
    if encoding not in {"identity", "gzip"}:
        raise errors.MalformedAnswer
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS) if encoding == "gzip" else None
    body = bytearray()
    async for chunk in response.aiter_raw():
        try:
            body += inflate.decompress(chunk, limit + 1 - len(body)) if inflate else chunk
        except zlib.error:
            raise errors.MalformedAnswer from None
        if len(body) > limit or (inflate and inflate.unused_data):
            raise errors.MalformedAnswer
    if inflate and not inflate.eof:
        raise errors.MalformedAnswer
    return bytes(body)


def check_status(response: httpx.Response) -> None:
    """Raises the error of every status but 200. A 404 in HTML comes from something in between, not from Kinopoisk."""
    status, html = response.status_code, "html" in response.headers.get("content-type", "")
    if status == 404 and not html:
        raise errors.FilmUnknown
    if status != 200:
        raise REFUSALS.get(status, errors.KinopoiskUnavailable)


def parse(kind: type[Parsed], body: str) -> Parsed:
    """The answer in a body. Raises MalformedAnswer: HTML, other JSON, an id that is no id."""
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        if body.lstrip().startswith("<"):
            raise errors.KinopoiskUnavailable from None
        raise errors.MalformedAnswer from None


def _is_json(body: str) -> bool:
    """Pydantic reads NaN as a number, which JSON does not know and nobody could read again."""
    try:
        orjson.loads(body)
    except ValueError:
        return False
    return True
