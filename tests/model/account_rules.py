"""What people do with their accounts and sessions."""

from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults, initialize, multiple, rule
from jose import jwt

from api import shapes
from tests.client import Client, problem
from tests.model.base import Login, Machine, check, films, living, logins, somebody
from tests.model.model import MOST_FAVOURITES, SESSION_DAYS, Session

NAMES = ("anna.karenina", "Vronsky@1877", "kitty_levin")
GOOD = ("Все счастливые семьи", "похожи друг на друга 1877", "oblonsky's house-of-confusion")
BAD = ("seven 7", "password123", "x" * 129)
# Every route behind which something of a user's lies, with what would open it.
DOORS = (
    ("GET", "/profile", None),
    ("GET", "/profile/sessions", None),
    ("GET", "/profile/export", None),
    ("GET", "/movies/favorites", None),
    ("GET", "/movies/favorites/301", None),
    ("GET", "/movies/hidden", None),
    ("GET", "/movies/301", None),
    ("GET", "/recommendations", None),
    ("GET", "/status/upstream", None),
    ("PUT", "/movies/hidden/301", None),
    ("POST", "/movies/favorites", {"kinopoisk_id": 301}),
    ("POST", "/movies/301/refresh", None),
    ("DELETE", "/movies/favorites/301", None),
    ("POST", "/profile/password", {"current_password": GOOD[0], "new_password": GOOD[1]}),
    ("DELETE", "/profile", {"password": GOOD[0]}),
)

names = st.sampled_from([spelt(name) for name in NAMES for spelt in (str, str.upper, str.title)])
passwords = st.sampled_from(GOOD)


class AccountRules(Machine):
    """Register, log in and out, renew, change the password, look at sessions, take the data along, leave."""

    @initialize(target=logins, several=st.lists(films, max_size=MOST_FAVOURITES, unique=True))
    def somebody_is_there(self, several: list[int]) -> Login:
        """With favourites, so that few steps are enough to come upon pages and limits."""
        self.register(NAMES[0], GOOD[0])
        login = self.new_login(NAMES[0], GOOD[0])
        for film in several:
            check(self.world.do(login.client.add(film)), self.model.add(login.session.user, film))
        return login

    @rule(name=names, password=passwords)
    def register(self, name: str, password: str) -> None:
        answer = self.world.do(self.world.service.http.post("/register", json=credentials(name, password)))
        check(answer, self.model.register(name, password))

    @rule(name=names, bad=st.sampled_from((*BAD, None)))
    def register_with_a_bad_password(self, name: str, bad: str | None) -> None:
        refused = credentials(name, name.swapcase() if bad is None else bad)
        problem(self.world.do(self.world.service.http.post("/register", json=refused)), 422, "invalid-request")

    @rule(target=logins, name=names, password=passwords)
    def log_in(self, name: str, password: str) -> Login | MultipleResults[Login]:
        if self.model.log_in(name, password):
            return self.new_login(name, password)
        answer = self.world.do(self.world.service.http.post("/login", json=credentials(name, password)))
        problem(answer, 401, "invalid-credentials")
        return multiple()

    @rule(target=logins, login=logins)
    def log_in_once_more(self, login: Login) -> Login | MultipleResults[Login]:
        """With what is right, which a guess seldom is."""
        user = login.session.user
        if self.model.users.get(user.name.casefold()) is not user:
            return multiple()
        return self.new_login(user.name.swapcase(), user.password)

    def new_login(self, name: str, password: str) -> Login:
        user = self.model.log_in(name, password)
        answer = self.world.do(self.world.service.http.post("/login", json=credentials(name, password)))
        assert user
        assert answer.status_code == 200, answer.text
        token = answer.json()["access_token"]
        session = Session(jwt.get_unverified_claims(token)["sid"], user)
        user.sessions.append(session)
        return self.login_with(token, session)

    def login_with(self, token: str, session: Session) -> Login:
        login = Login(Client(self.world.service.http, token), session)
        self.known_logins.append(login)
        return login

    @rule(target=logins, login=logins)
    def renew(self, login: Login) -> Login | MultipleResults[Login]:
        answer = self.ask(login, login.client.send("POST", "/token/renew"), lambda: (200, None))
        if answer is None:
            return multiple()
        login.session.days_left = SESSION_DAYS
        return self.login_with(answer.json()["access_token"], login.session)

    @rule(login=logins)
    def log_out(self, login: Login) -> None:
        if self.ask(login, login.client.send("POST", "/logout"), lambda: (204, None)):
            self.model.end(login.session)

    @somebody
    @rule(login=living, current=passwords, new=passwords)
    def guess_and_change_password(self, login: Login, current: str, new: str) -> None:
        change = {"current_password": current, "new_password": new}
        request = login.client.send("POST", "/profile/password", json=change)
        self.ask(login, request, lambda: self.model.change_password(login.session, current, new))

    @somebody
    @rule(login=living, new=passwords)
    def change_password(self, login: Login, new: str) -> None:
        self.guess_and_change_password(login, login.session.user.password, new)

    @somebody
    @rule(login=living, bad=st.sampled_from(BAD))
    def change_to_a_bad_password(self, login: Login, bad: str) -> None:
        change = {"current_password": login.session.user.password, "new_password": bad}
        self.ask(login, login.client.send("POST", "/profile/password", json=change), lambda: (422, "invalid-request"))

    @somebody
    @rule(login=living)
    def list_sessions(self, login: Login) -> None:
        if answer := self.ask(login, login.client.get("/profile/sessions"), lambda: (200, None)):
            listed = shapes.Sessions.model_validate_json(answer.content).items
            alive = {session.id for session in login.session.user.sessions if session.alive}
            assert {str(session.id) for session in listed} == alive
            assert [str(session.id) for session in listed if session.current] == [login.session.id]

    @somebody
    @rule(login=living, other=logins)
    def end_session(self, login: Login, other: Login) -> None:
        ended, mine = other.session, other.session in login.session.user.sessions
        request = login.client.send("DELETE", f"/profile/sessions/{ended.id}")
        if self.ask(login, request, lambda: (204, None) if mine else (404, "session-not-found")) and mine:
            self.model.end(ended)

    @somebody
    @rule(login=living)
    def export(self, login: Login) -> None:
        if answer := self.ask(login, login.client.get("/profile/export"), lambda: (200, None)):
            told, user = shapes.Export.model_validate_json(answer.content), login.session.user
            assert told.account.username == user.name
            assert {str(session.id) for session in told.sessions} == {session.id for session in user.sessions}
            assert sorted(item.kinopoisk_id for item in told.favorites) == sorted(user.favourites)
            assert sorted(item.kinopoisk_id for item in told.hidden_films) == sorted(user.hidden)

    @somebody
    @rule(login=living, password=passwords)
    def delete_account(self, login: Login, password: str) -> None:
        request = login.client.send("DELETE", "/profile", json={"password": password})
        self.ask(login, request, lambda: self.model.delete(login.session.user, password))

    @rule(login=logins, door=st.sampled_from(DOORS))
    def try_a_dead_token(self, login: Login, door: tuple[str, str, object]) -> None:
        method, path, body = door
        if not login.session.alive:
            problem(self.world.do(login.client.send(method, path, json=body)), 401, "unauthorized")


def credentials(name: str, password: str) -> dict[str, str]:
    return {"username": name, "password": password}
