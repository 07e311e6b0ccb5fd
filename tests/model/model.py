"""What the service must remember and answer, as plain Python. Knows no HTTP and no database."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_FAVOURITES = 4
MOST_HIDDEN = 3
MOST_ATTEMPTS = 2
SESSION_DAYS = 30
DAILY_LIMIT = 20
# Refreshes get nothing beyond it (budget.refresh_ceiling).
SCARCE = 12
# After so many days whatever was put off is due.
AGES = 400

KNOWN = (301, 361, 8124, 41519, 251733)
UNKNOWN = (999_999_998, 999_999_999)

# A status, and the code of the problem if it is one.
Outcome = tuple[int, str | None]


@dataclass(eq=False)
class Session:
    """One login; a deleted user's sessions are closed too."""

    id: str
    user: "User"
    days_left: float = SESSION_DAYS
    open: bool = True

    @property
    def alive(self) -> bool:
        return self.open and self.days_left > 0


@dataclass(eq=False)
class User:
    """Favourites and hidden films with the newest first."""

    name: str
    password: str
    favourites: list[int] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)


@dataclass
class Film:
    """A film that somebody wanted: its status, or those that it may have; whether it is due (None: perhaps)."""

    possible: set[str] = field(default_factory=lambda: {"pending"})
    due: bool | None = True
    # A dead worker's.
    leased: bool = False
    # No fewer attempts than were counted since the last answer.
    attempts: int = 0

    def try_in_vain(self) -> None:
        self.attempts += 1
        self.due = None
        if "pending" in self.possible and self.attempts >= MOST_ATTEMPTS:
            self.possible.add("failed")

    def put(self, status: str) -> None:
        self.possible, self.due, self.leased, self.attempts = {status}, False, False, 0


class Model:
    """All that was acknowledged."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.films: dict[int, Film] = {}
        # Films that may have become wanted by a request that failed.
        self.perhaps_wanted: set[int] = set()
        self.upstream = set(KNOWN)
        self.fair = True
        # "open", "probe" (one call will find out), or "perhaps" closed.
        self.gate = "open"

    def register(self, name: str, password: str) -> Outcome:
        if name.casefold() in self.users:
            return 409, "username-taken"
        self.users[name.casefold()] = User(name, password)
        return 201, None

    def log_in(self, name: str, password: str) -> User | None:
        user = self.users.get(name.casefold())
        return user if user and user.password == password else None

    def change_password(self, session: Session, current: str, new: str) -> Outcome:
        if session.user.password != current:
            return 403, "wrong-password"
        session.user.password = new
        for other in session.user.sessions:
            other.open = other is session
        session.user.sessions = [session]
        return 204, None

    def end(self, session: Session) -> None:
        session.open = False
        session.user.sessions.remove(session)

    def delete(self, user: User, password: str) -> Outcome:
        if user.password != password:
            return 403, "wrong-password"
        for session in list(user.sessions):
            self.end(session)
        del self.users[user.name.casefold()]
        return 204, None

    def add(self, user: User, film: int) -> Outcome:
        outcome = added(user.favourites, film)
        if outcome[0] == 202:
            self.want(film)
        return outcome

    def want(self, film: int) -> None:
        """One that upstream did not know may be asked for again."""
        wanted = self.films.setdefault(film, Film())
        if "not_found" in wanted.possible and not wanted.due:
            wanted.due = None

    def hide(self, user: User, film: int) -> Outcome:
        if film not in user.hidden:
            if len(user.hidden) >= MOST_HIDDEN:
                return 409, "hidden-limit-reached"
            user.hidden.insert(0, film)
        return 204, None

    def answer_of(self, film: int) -> str:
        return "ready" if film in self.upstream else "not_found"

    def work(self, *, sure: bool) -> None:
        """A worker did all that was due; not sure where the budget or the gate may have kept it from some."""
        sure = sure and self.fair and self.gate != "perhaps"
        for kinopoisk_id, film in self.films.items():
            if film.due is False:
                continue
            if not self.fair:
                film.try_in_vain()
                continue
            answer = self.answer_of(kinopoisk_id)
            after = {"ready" if status == "ready" else answer for status in film.possible}
            if film.attempts >= MOST_ATTEMPTS:  # given up without another call
                after |= film.possible | {"failed"}
            film.possible = after if sure and film.due else film.possible | after
            if sure:
                film.due, film.leased, film.attempts = False, False, 0
            else:
                film.due = None
        if not self.fair:
            self.gate = "perhaps"

    def pass_days(self, days: int) -> None:
        """A retry, a lease and a closed gate are over within a day."""
        self.gate = "open" if self.gate == "open" else "probe"
        for user in self.users.values():
            for session in user.sessions:
                session.days_left -= days
        for film in self.films.values():
            film.leased = False
            film.due = True if days >= AGES or film.possible == {"pending"} else None

    def observe(self, statuses: Mapping[int, str]) -> None:
        """Hold what the films are against what they may be."""
        for kinopoisk_id in self.perhaps_wanted & statuses.keys() - self.films.keys():
            self.films[kinopoisk_id] = Film({statuses[kinopoisk_id]} & {"pending", "failed"}, due=None, attempts=1)
        self.perhaps_wanted.clear()
        assert statuses.keys() == self.films.keys(), (statuses, self.films)
        for kinopoisk_id, film in self.films.items():
            assert statuses[kinopoisk_id] in film.possible, (kinopoisk_id, statuses[kinopoisk_id], film)
            film.possible = {statuses[kinopoisk_id]}


def added(favourites: list[int], film: int) -> Outcome:
    if film not in favourites:
        if len(favourites) >= MOST_FAVOURITES:
            return 409, "favorites-limit-reached"
        favourites.insert(0, film)
    return 202, None


def removed(favourites: list[int], film: int) -> Outcome:
    if film not in favourites:
        return 404, "favorite-not-found"
    favourites.remove(film)
    return 204, None
