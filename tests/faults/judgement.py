"""What is true in the end: nothing lost, nothing risen again, no invariant broken, nothing left undone."""

from collections.abc import Iterable

from rich.console import Console

from bench.call_log import RATE, CallLog
from bench.figures import Figure, exactly, percentile
from bench.runner import table
from tests.faults.crowd import Crowd, locked_out, still_valid
from tests.faults.people import Person
from tests.faults.service import Service

WAITED_FOR = """
    SELECT count(*) FROM film_sync WHERE status IN ('pending', 'failed')
        AND EXISTS (SELECT FROM favourite WHERE favourite.kinopoisk_id = film_sync.kinopoisk_id)
"""
HEALING_SECONDS = 60


def judged(service: Service, crowd: Crowd) -> list[Figure]:
    """Once everything is mended and the people have gone."""
    service.wires.calm()
    healed = service.until(lambda: not service.value(WAITED_FOR), HEALING_SECONDS, "every favourite is ready")
    book = crowd.book
    for person in crowd.people:
        service.background.wait(_last_look(person))
    lost = book.inexplicable()
    valid = service.background.wait(still_valid(service, crowd.logged_out))
    refused = service.background.wait(locked_out(service, crowd.accounts))
    log = service.background.wait(service.stack.upstream.log())
    return [
        Figure("kills", str(service.kills)),
        Figure("requests answered, not answered, given up", _counts(crowd)),
        Figure("slowest 1 %, slowest", f"{percentile(book.seconds, 0.99):.2f} s, {max(book.seconds):.2f} s"),
        exactly(
            f"of {book.acknowledged} acknowledged adds and removals, lost or risen again: {lost[:3]}", len(lost), 0
        ),
        exactly(f"unexpected answers: {book.unexpected}", sum(book.unexpected.values()), 0),
        kept(service),
        exactly(f"of {len(crowd.logged_out)} tokens that were logged out, valid", valid, 0),
        exactly(f"of {len(crowd.accounts)} accounts that were confirmed, locked out", refused, 0),
        exactly(f"most calls in any second, over the {RATE} that upstream allows", _over_the_rate(log), 0),
        Figure("every favourite ready after", f"{healed:.1f} s"),
    ]


async def _last_look(person: Person) -> None:
    await person.look(closely=True)
    person.leave()


def kept(service: Service) -> Figure:
    """Whether every invariant holds."""
    rules = service.broken()
    return exactly(f"invariants broken: {rules}", len(rules), 0)


def _counts(crowd: Crowd) -> str:
    answers = crowd.book.answers
    unanswered = sum(count for (_, status), count in answers.items() if status == 0)
    refused = sum(count for (_, status), count in answers.items() if status == 503)
    return f"{answers.total() - unanswered} ({refused} of them 503), {unanswered}, {crowd.book.failed}"


def _over_the_rate(log: CallLog) -> int:
    return max(log.most_in_a_second() - RATE, 0)


def show(name: str, figures: Iterable[Figure]) -> None:
    """Print them; fails where one was missed."""
    shown, console = list(figures), Console(width=120)
    console.print()
    console.print(table(name, shown))
    missed = [f"{figure.name}: {figure.measured}" for figure in shown if figure.met is False]
    assert not missed, missed
