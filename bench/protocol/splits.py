"""What is learnt from, what is told of each user, and what is then asked: splits U, G, C and L of the protocol."""

import hashlib
from dataclasses import dataclass, replace

from bench.protocol.events import Data, Event, Histories

LARGEST_TEST, TEST_SHARE = 20, 0.2
HELD_OUT_SHARE = 0.2
LAUNCH_USERS = 100


@dataclass(frozen=True)
class Split:
    """`train` is learnt from; users are recommended films by their `told` and judged by their `asked`."""

    train: Histories
    told: Histories
    asked: dict[str, set[str]]

    @property
    def known(self) -> set[str]:
        """The films learnt of."""
        return {event.film for history in self.train.values() for event in history}

    def judgeable(self, films: set[str]) -> "Split":
        """Asked for these films only, of users who have any."""
        kept = {user: asked & films for user, asked in self.asked.items()}
        asked = {user: films for user, films in kept.items() if films}
        return replace(self, told={user: self.told[user] for user in asked}, asked=asked)


def per_user(data: Data) -> Split:
    """U: the last fifth of each user's favourites is asked for, 1 to 20 of them."""
    train, asked = {}, {}
    for user, history in data.histories.items():
        kept = len(history) - min(LARGEST_TEST, max(1, round(TEST_SHARE * len(history))))
        train[user] = history[:kept]
        asked[user] = {event.film for event in history[kept:]}
    return Split(train, train, asked)


def per_moment(data: Data) -> tuple[Split, int]:
    """G: what was liked from one moment on is asked for, of users known before it. Answers the moment, too."""
    moments = sorted(event.at for history in data.histories.values() for event in history)
    moment = moments[int((1 - TEST_SHARE) * len(moments))]
    train = {user: [event for event in history if event.at < moment] for user, history in data.histories.items()}
    train = {user: history for user, history in train.items() if history}
    asked = {user: {event.film for event in data.histories[user] if event.at >= moment} for user in train}
    return Split(train, train, {user: films for user, films in asked.items() if films}), moment


def held_out(data: Data) -> Split:
    """C: a fifth of the users is not learnt from, but tells all that U would let it tell."""
    split = per_user(data)
    stranger = {user: share_of(f"s:{user}") < HELD_OUT_SHARE for user in split.train}
    return Split(
        train={user: history for user, history in split.train.items() if not stranger[user]},
        told={user: history for user, history in split.told.items() if stranger[user]},
        asked={user: films for user, films in split.asked.items() if stranger[user]},
    )


def telling(split: Split, favourites: int) -> Split:
    """C(k): so many favourites of films learnt of are told, the same ones each time, by users who have as many."""
    known = split.known

    def chosen(user: str, history: list[Event]) -> list[Event]:
        usable = [event for event in history if event.film in known]
        first = sorted(usable, key=lambda event: digest(f"s:{user}:{event.film}"))[:favourites]
        return [event for event in history if event in first]

    few = {user: chosen(user, history) for user, history in split.told.items()}
    told = {user: history for user, history in few.items() if len(history) == favourites}
    return replace(split, told=told, asked={user: split.asked[user] for user in told})


def launch(data: Data) -> Split:
    """L: as C with everything told, but only 100 users have come so far."""
    split = held_out(data)
    first = sorted(split.train, key=lambda user: digest(f"o:{user}"))[:LAUNCH_USERS]
    return replace(split, train={user: split.train[user] for user in first})


def digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def share_of(text: str) -> float:
    """0 to 1, evenly."""
    return int(digest(text)[:8], 16) / 2**32
