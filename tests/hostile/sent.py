"""What the hostile tests sent: how many different requests, to which calls, and how each was answered."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx

from tests.declared import template_of
from tests.http.test_docs import CALLS

LEAST, LEAST_A_CALL = 300, 5
KNOWN = {f"{verb.upper()} {path}" for verb, path in CALLS}
ELSEWHERE = "elsewhere"
Record = Callable[[str, object], None]


class Sent(NamedTuple):
    """One request: its call, what tells it from others, and the status of its answer, 0 where there was none."""

    call: str
    digest: str
    status: int


class Notebook:
    """Open while a test sends; what is sent otherwise is none of its requests."""

    def __init__(self) -> None:
        self._page: list[Sent] | None = None

    @contextmanager
    def open(self, record: Record) -> Iterator[None]:
        page = self._page = []
        try:
            yield
        finally:
            self._page = None
            record("hostile", [list(sent) for sent in page])  # plain, to be told between processes

    def note(self, method: str, path: str, whole: bytes, status: int) -> None:
        if self._page is not None:
            call = f"{method} {template_of(path)}"
            digest = hashlib.sha256(whole).hexdigest()
            self._page.append(Sent(call if call in KNOWN else ELSEWHERE, digest, status))


NOTEBOOK = Notebook()


def noting(own: str) -> Callable[[httpx.Response], Awaitable[None]]:
    """For `event_hooks` of a client; the sender's own token, another one in each module, makes no request another."""

    async def note_answer(answer: httpx.Response) -> None:
        asked = answer.request
        try:
            body = asked.content
        except httpx.RequestNotRead:
            body = b"sent bit by bit"
        head = [asked.method.encode(), asked.url.raw_path, *(b": ".join(header) for header in asked.headers.raw)]
        whole = b"\n".join([*head, body]).replace(own.encode(), b"own")
        NOTEBOOK.note(asked.method, asked.url.path, whole, answer.status_code)

    return note_answer


def note_bytes(sent: bytes, answer: bytes) -> None:
    """For requests made by hand."""
    words = sent.split(b"\r\n", 1)[0].split(b" ")
    method, path = (words[0], words[1].partition(b"?")[0]) if len(words) == 3 else (b"", b"")
    status = answer[9:12]
    NOTEBOOK.note(method.decode("latin-1"), path.decode("latin-1"), sent, int(status) if status.isdigit() else 0)


class Tally:
    """Over a whole run."""

    def __init__(self, requests: Iterable[Sent]) -> None:
        self.distinct: dict[str, set[str]] = defaultdict(set)
        self.statuses: Counter[int] = Counter()
        for call, digest, status in requests:
            self.distinct[call].add(digest)
            self.statuses[status] += 1

    @property
    def number(self) -> int:
        return sum(map(len, self.distinct.values()))

    @property
    def crashes(self) -> int:
        return sum(times for status, times in self.statuses.items() if status >= 500)

    def line(self) -> str:
        calls = len(self.distinct.keys() & KNOWN)
        return (
            f"{self.number} distinct hostile requests over {calls} of {len(KNOWN)} calls, {self.crashes} answered 5xx"
        )

    def table(self) -> list[str]:
        return [f"  {call:42} {len(self.distinct[call]):5}" for call in [*sorted(KNOWN), ELSEWHERE]]

    def is_enough(self) -> bool:
        rarest = min(len(self.distinct[call]) for call in KNOWN)
        return self.number >= LEAST and rarest >= LEAST_A_CALL and not self.crashes
