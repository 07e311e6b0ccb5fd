"""The client against raw bytes: connections that end, bodies that lie about their size."""

import asyncio
import gzip
import ssl
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from shared.kinopoisk import errors
from shared.kinopoisk.client import parse
from shared.kinopoisk.models import Film
from tests.upstream.bodies import BOUNDS, client_of, film_json
from tests.upstream.peer import listening, ok, peer, read_request

GOOD = film_json().encode()
GZIP = "Content-Encoding: gzip"
MEBIBYTE = 2**20


def bomb(mebibytes: int) -> bytes:
    """White space that JSON allows, a thousand times smaller on the wire."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join([*(packer.compress(b" " * MEBIBYTE) for _ in range(mebibytes)), packer.flush()])


async def test_a_kept_connection_that_the_peer_closed_meanwhile_costs_no_film() -> None:
    closed = asyncio.Event()

    async def answer_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(ok(GOOD))
        writer.close()
        await writer.wait_closed()
        closed.set()

    async with listening(answer_and_close) as url:
        kinopoisk = client_of(url)
        await kinopoisk.film(301)
        await closed.wait()
        assert parse(Film, await kinopoisk.film(301)).kinopoisk_id == 301
        await kinopoisk.close()


async def test_a_call_that_reached_upstream_on_a_kept_connection_is_not_sent_again() -> None:
    """Upstream may have counted it."""
    async with peer([ok(GOOD), None, ok(GOOD)]) as kinopoisk_peer:
        kinopoisk = client_of(kinopoisk_peer.url)
        await kinopoisk.film(301)
        with pytest.raises(errors.KinopoiskUnavailable):
            await kinopoisk.film(301)
        await kinopoisk.close()
    assert kinopoisk_peer.requests == 2


async def test_a_call_that_reached_upstream_on_a_new_connection_is_not_sent_again() -> None:
    """One permit of the limiter, one call: what a fresh connection dropped was received and may have been counted."""
    async with peer([None, None]) as kinopoisk_peer:
        kinopoisk = client_of(kinopoisk_peer.url)
        with pytest.raises(errors.KinopoiskUnavailable):
            await kinopoisk.film(301)
        await kinopoisk.close()
    assert kinopoisk_peer.requests == 1


async def test_an_answer_that_is_no_http_means_unavailable() -> None:
    async with peer([b"SSH-2.0-OpenSSH_9.2\r\n"] * 2) as kinopoisk_peer:
        kinopoisk = client_of(kinopoisk_peer.url)
        with pytest.raises(errors.KinopoiskUnavailable):
            await kinopoisk.film(301)
        await kinopoisk.close()


async def test_a_gzip_answer_is_read() -> None:
    async with peer([ok(gzip.compress(GOOD), GZIP)]) as kinopoisk_peer:
        kinopoisk = client_of(kinopoisk_peer.url)
        body = await kinopoisk.film(301)
        await kinopoisk.close()
    assert body == film_json()


@pytest.mark.parametrize(
    "answer",
    [
        ok(gzip.compress(GOOD)[:-9], GZIP),
        ok(gzip.compress(GOOD)[:100], GZIP),
        ok(b"", GZIP),
        ok(GOOD, GZIP),
        ok(gzip.compress(GOOD)[:20] + b"\x00" * 40, GZIP),
        ok(GOOD, "Content-Encoding: br"),
        ok(zlib.compress(GOOD), "Content-Encoding: deflate"),
        ok(gzip.compress(gzip.compress(GOOD)), "Content-Encoding: gzip, gzip"),
        ok(b" " * (BOUNDS.max_body_bytes + 1)),
        ok(GOOD + b" " * (BOUNDS.max_body_bytes - len(GOOD) + 1)),
        ok(gzip.compress(GOOD + b" " * (BOUNDS.max_body_bytes - len(GOOD) + 1)), GZIP),
    ],
    ids=[
        "gzip without its end",
        "gzip cut off",
        "gzip of nothing",
        "gzip that is none",
        "gzip broken",
        "br",
        "deflate",
        "gzip twice",
        "too large",
        "film and one byte too much",
        "one byte too much in gzip",
    ],
)
async def test_a_body_that_cannot_be_trusted_is_malformed(answer: bytes) -> None:
    async with peer([answer]) as kinopoisk_peer:
        kinopoisk = client_of(kinopoisk_peer.url)
        with pytest.raises(errors.MalformedAnswer):
            await kinopoisk.film(301)
        await kinopoisk.close()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
async def test_a_body_of_exactly_the_limit_is_read(packed: bool) -> None:
    body = GOOD + b" " * (BOUNDS.max_body_bytes - len(GOOD))
    answer = ok(gzip.compress(body), GZIP) if packed else ok(body)
    async with peer([answer]) as kinopoisk_peer:
        kinopoisk = client_of(kinopoisk_peer.url)
        received = await kinopoisk.film(301)
        await kinopoisk.close()
    assert len(received.encode()) == BOUNDS.max_body_bytes


async def test_a_body_shorter_than_promised_means_unavailable() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\nConnection: close\r\n\r\n" + GOOD

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)

    async with listening(serve) as url:
        kinopoisk = client_of(url)
        with pytest.raises(errors.KinopoiskUnavailable):
            await kinopoisk.film(301)
        await kinopoisk.close()


@pytest.mark.parametrize(
    "answer",
    [ok(b"\x8b", "Content-Encoding: br"), ok(b"{}", GZIP), ok(b" " * 100_000)],
    ids=["br", "broken gzip", "large"],
)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.KeyRefused),
        (402, errors.QuotaExhausted),
        (404, errors.FilmUnknown),
        (429, errors.TooFast),
        (502, errors.KinopoiskUnavailable),
    ],
)
async def test_a_status_counts_whatever_the_body_is(
    status: int, kind: type[errors.KinopoiskError], answer: bytes
) -> None:
    async with peer([answer.replace(b"200 OK", f"{status} No".encode(), 1)]) as kinopoisk_peer:
        kinopoisk = client_of(kinopoisk_peer.url)
        with pytest.raises(errors.KinopoiskError) as caught:
            await kinopoisk.film(301)
        await kinopoisk.close()
    assert caught.type is kind


async def test_a_gzip_bomb_is_refused_before_it_unfolds() -> None:
    answer = ok(bomb(64), GZIP)
    async with peer([answer]) as kinopoisk_peer:
        assert await peak_of_refusal(kinopoisk_peer.url) < 4 * MEBIBYTE


async def test_an_endless_tail_behind_a_whole_gzip_is_refused_before_it_fills_the_memory() -> None:
    """zlib keeps what follows the end of a stream, and copies it anew with each chunk."""
    block = b"x" * 65_536
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 999999999\r\n\r\n" + gzip.compress(GOOD)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(head)
        for _ in range(256):
            writer.write(block)
            await writer.drain()

    async with listening(serve) as url:
        assert await peak_of_refusal(url) < 4 * MEBIBYTE


async def peak_of_refusal(url: str) -> int:
    """The most memory that was taken until the answer of this server was refused."""
    kinopoisk = client_of(url)
    tracemalloc.start()
    try:
        with pytest.raises(errors.KinopoiskFault):
            await kinopoisk.film(301)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        await kinopoisk.close()


async def test_a_peer_whose_certificate_nobody_vouches_for_is_told_nothing(tmp_path: Path) -> None:
    told: list[bytes] = []

    async def listen_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.append(await read_request(reader))

    async with listening(listen_in, self_signed(tmp_path)) as url:
        kinopoisk = client_of(url)
        with pytest.raises(errors.KinopoiskUnavailable):
            await kinopoisk.film(301)
        await kinopoisk.close()
    assert told == []


def self_signed(folder: Path) -> ssl.SSLContext:
    """For 127.0.0.1, by an authority of its own."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
