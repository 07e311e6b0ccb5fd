"""The client: one shared HTTP connection pool, every wait and every size bounded, the key in a header only."""

import asyncio
import time
import zlib
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import structlog
from pydantic import ValidationError

from shared.kinopoisk import errors
from shared.kinopoisk.models import Answer, Film, FoundPage

log = structlog.get_logger()
Parsed = TypeVar("Parsed", bound=Answer)

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
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"X-API-KEY": api_key, "Accept": "application/json", "Accept-Encoding": "gzip"},
            timeout=httpx.Timeout(bounds.read_timeout, connect=bounds.connect_timeout, pool=bounds.connect_timeout),
            limits=httpx.Limits(max_connections=bounds.max_connections, keepalive_expiry=15),
            follow_redirects=False,
            trust_env=False,
        )

    async def film(self, kinopoisk_id: int) -> tuple[str, Film]:
        """The body as received and the film in it."""
        body = await self._get("film", f"/api/v2.2/films/{int(kinopoisk_id)}")
        film = parse(Film, body)
        if film.kinopoisk_id != kinopoisk_id:
            raise errors.MalformedAnswer
        return body, film

    async def search(self, keyword: str, page: int) -> FoundPage:
        """One page of films whose name contains the keyword; 20 a page."""
        params = {"keyword": keyword, "page": page}
        try:
            body = await self._get("search", "/api/v2.1/films/search-by-keyword", params)
        except errors.FilmUnknown:
            return FoundPage()
        return parse(FoundPage, body)

    async def close(self) -> None:
        await self._http.aclose()

    async def _get(self, endpoint: str, path: str, params: dict[str, Any] | None = None) -> str:
        """The body of a 200 as text; logs the call with what came of it."""
        started, outcome = time.perf_counter(), "failed"
        try:
            async with asyncio.timeout(self._bounds.deadline):
                response, body = await self._send(path, params)
            outcome = str(response.status_code)
            return text_of(response, body)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            outcome = type(error).__name__
            raise errors.KinopoiskUnavailable from None
        finally:
            took = round((time.perf_counter() - started) * 1000, 1)
            log.info("kinopoisk_called", endpoint=endpoint, outcome=outcome, duration_ms=took)

    async def _send(self, path: str, params: dict[str, Any] | None) -> tuple[httpx.Response, bytes]:
        """Sent again at once where the peer had closed a kept connection: that call never reached it."""
        request = self._http.build_request("GET", path, params=params)
        try:
            response = await self._http.send(request, stream=True)
        except httpx.RemoteProtocolError:
            response = await self._http.send(request, stream=True)
        try:
            return response, await bounded_body(response, self._bounds.max_body_bytes)
        finally:
            await response.aclose()


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
        if len(body) > limit:
            raise errors.MalformedAnswer
    if inflate and not inflate.eof:
        raise errors.MalformedAnswer
    return bytes(body)


def text_of(response: httpx.Response, body: bytes) -> str:
    """The text of a good answer; each other status by its own error."""
    status = response.status_code
    if status == 200:
        try:
            return body.decode()
        except UnicodeDecodeError:
            raise errors.MalformedAnswer from None
    if status == 404:
        raise errors.FilmUnknown
    raise REFUSALS.get(status, errors.KinopoiskUnavailable)


def parse(kind: type[Parsed], body: str) -> Parsed:
    """The answer in a body. Raises MalformedAnswer: HTML, other JSON, an id that is no id."""
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        if body.lstrip().startswith("<"):
            raise errors.KinopoiskUnavailable from None
        raise errors.MalformedAnswer from None
