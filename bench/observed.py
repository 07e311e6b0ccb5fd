"""What users were told, and whether they were told that something is missing which they had been shown before."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from bench.figures import Figure, exactly, percentile
from bench.load import Answer

EXHAUSTED = "upstream-quota-exhausted"
LEAST_FILLED = 0.99


class Observed:
    """Filled answer by answer."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.sources: Counter[str] = Counter()
        self.seconds: dict[str, list[float]] = {}
        self.shown: set[int] = set()
        self.filled = self.empty = 0
        self.exhausted_films: set[int] = set()
        self.broken_promises: list[str] = []
        self.other_faults: Counter[str] = Counter()

    def note(self, kind: str, film: int | None, answer: Answer, *, shown_before: bool) -> None:
        """One answer; `shown_before`: when it was asked for, somebody had been shown this film already."""
        self.requests[kind] += 1
        self.seconds.setdefault(kind, []).append(answer.seconds)
        document = answer.json()
        self._note_status(kind, film, answer.status, document, shown_before=shown_before)
        if answer.status < 300:
            self._note_films(kind, document)

    def _note_status(self, kind: str, film: int | None, status: int, document: Any, *, shown_before: bool) -> None:
        said = f"{kind} {status}" + (f" {document['code']}" if status >= 400 else "")
        self.told[said] += 1
        if status < 500 and status != 429:
            return
        if shown_before:
            self.broken_promises.append(f"{said} for film {film}")
        elif document["code"] == EXHAUSTED and kind == "view" and film:
            self.exhausted_films.add(film)
        else:
            self.other_faults[said] += 1

    def _note_films(self, kind: str, document: Any) -> None:
        if kind == "search":
            self.sources[document["source"]] += 1
            self.shown.update(item["kinopoisk_id"] for item in document["items"])
        elif kind == "list":
            self.note_list(document["items"])
        elif kind == "view" or document["film"]:
            self.shown.add(document["kinopoisk_id"])

    def note_list(self, items: Iterable[dict[str, Any]]) -> None:
        for item in items:
            if item["film"] is None:
                self.empty += 1
            else:
                self.filled += 1
                self.shown.add(item["kinopoisk_id"])

    def figures(self) -> list[Figure]:
        total = self.requests.total()
        mix = ", ".join(f"{count / total:.0%} {kind}" for kind, count in self.requests.most_common())
        times = ", ".join(f"{kind} {percentile(took, 0.5) * 1000:.0f} ms" for kind, took in self.seconds.items())
        return [
            Figure(f"{total} requests", mix),
            Figure("what they were told", some(self.told)),
            Figure("median answers", times),
            Figure("where search results came from", some(self.sources)),
            filled("list items with a film, during the day", self.filled, self.empty),
            exactly(f"5xx or 429 for a film shown before: {few(self.broken_promises)}", len(self.broken_promises), 0),
            Figure("503 upstream-quota-exhausted", f"{len(self.exhausted_films)} films, none shown before"),
            exactly(f"other 5xx or 429: {some(self.other_faults)}", self.other_faults.total(), 0),
        ]


def filled(name: str, full: int, empty: int) -> Figure:
    share = full / max(full + empty, 1)
    return Figure(name, f"{share:.2%} of {full + empty}", f"≥ {LEAST_FILLED:.0%}", share >= LEAST_FILLED)


def few(said: list[str]) -> str:
    return "; ".join(said[:3]) or "none"


def some(counter: Counter[str]) -> str:
    return ", ".join(f"{count} × {name}" for name, count in counter.most_common()) or "none"
