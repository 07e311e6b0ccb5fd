"""The worker, the clock, and what goes wrong."""

from datetime import datetime

from hypothesis.stateful import Bundle, MultipleResults, consumes, multiple, precondition, rule
from hypothesis.strategies import sampled_from

from shared.enrichment.claims import Claim
from shared.enrichment.films import enrich
from shared.upstream.ledger import Call
from tests.model.base import Machine, films
from tests.model.model import AGES, MOST_ATTEMPTS, SESSION_DAYS

Held = tuple[Call, Claim]
frozen = Bundle("frozen")


class TroubleRules(Machine):
    """Upstream's moods, Redis, workers that die or freeze; the machine counts the calls that it knows of."""

    fetched: dict[int, datetime]
    frozen_calls = 0

    @rule()
    def work(self) -> None:
        self.world.do(self.world.work())
        self.model.work(sure=not self.is_scarce())

    @rule(days=sampled_from((1, SESSION_DAYS + 1, AGES)))
    def pass_days(self, days: int) -> None:
        self.world.do(self.world.pass_days(days))
        self.model.pass_days(days)
        self.fetched = {}

    @precondition(lambda self: self.model.fair)
    @rule(trouble=sampled_from(("html", 500, 402, 429, 401)))
    def upstream_breaks(self, trouble: str | int) -> None:
        fault = {"kind": trouble} if isinstance(trouble, str) else {"kind": "status", "status": trouble}
        self.world.do(self.world.sandbox.fault(**fault))
        self.model.fair = False

    @precondition(lambda self: not self.model.fair)
    @rule()
    def upstream_recovers(self) -> None:
        self.world.do(self.world.sandbox.clear())
        self.model.fair = True

    @rule(film=films)
    def upstream_forgets(self, film: int) -> None:
        self.world.do(self.world.sandbox.remove_film(film))
        self.model.upstream.discard(film)

    @rule(film=films)
    def upstream_learns(self, film: int) -> None:
        self.world.do(self.world.sandbox.put_film(film, nameRu=f"Фильм {film}"))
        self.model.upstream.add(film)

    @rule()
    def flush_redis(self) -> None:
        if not self.world.redis_stopped:
            self.world.flush_redis()

    @precondition(lambda self: not self.world.redis_stopped)
    @rule()
    def redis_goes(self) -> None:
        self.world.stop_redis()

    @precondition(lambda self: self.world.redis_stopped)
    @rule()
    def redis_comes_back(self) -> None:
        self.world.start_redis()

    def claim(self) -> Held | None:
        """A worker claims a film and gets no further for now."""
        held = self.world.do(self.world.claim())
        if held:
            film = self.model.films[held[1].kinopoisk_id]
            assert film.due is not False, (held, film)
            film.attempts += 1
            film.due, film.leased = False, True
            self.model.gate = "open" if self.model.gate == "open" else "perhaps"
        return held

    @precondition(lambda self: self.model.fair)
    @rule()
    def worker_dies_fetching(self) -> None:
        if held := self.claim():
            self.world.do(self.world.die_fetching(*held))
            if held[1].attempts > MOST_ATTEMPTS:  # it was given up, without a call
                self.give_up(held[1].kinopoisk_id)

    def give_up(self, kinopoisk_id: int) -> None:
        film = self.model.films[kinopoisk_id]
        film.possible = {"failed" if status == "pending" else status for status in film.possible}
        film.due, film.leased = None, False

    @rule(target=frozen)
    def worker_freezes(self) -> Held | MultipleResults[Held]:
        held = self.claim()
        if held is None:
            return multiple()
        self.frozen_calls += 1
        return held

    @rule(held=consumes(frozen))
    def worker_thaws(self, held: Held) -> None:
        """It goes on where it was, perhaps long after its lease; only who holds the latest claim changes anything."""
        kinopoisk_id, film = held[1].kinopoisk_id, self.model.films[held[1].kinopoisk_id]
        latest = self.world.do(self.world.holds_latest(held[1]))
        before = self.world.do(self.world.work_row(kinopoisk_id))
        self.world.do(enrich(self.world.upstream, *held))
        self.frozen_calls -= 1
        if not self.model.fair:
            self.model.gate = "perhaps"
        if not latest:
            assert self.world.do(self.world.work_row(kinopoisk_id)) == before
            return
        if held[1].attempts > MOST_ATTEMPTS:
            self.give_up(kinopoisk_id)
        elif self.model.fair:
            film.put("ready" if film.possible == {"ready"} else self.model.answer_of(kinopoisk_id))
        else:
            film.try_in_vain()
            film.leased = False

    @rule()
    def worker_is_overtaken(self) -> None:
        """All of it in one step: chance seldom puts these together."""
        if held := self.claim():
            self.frozen_calls += 1
            self.pass_days(1)
            self.work()
            self.worker_thaws(held)
