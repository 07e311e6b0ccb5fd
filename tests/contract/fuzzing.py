"""schemathesis asks, over HTTP, all that /openapi.json allows and forbids, and holds each answer against it.

Every check that it has is on. What it finds counts, except for `ACCEPTED`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import requests
import schemathesis
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData

from tests.client import PASSWORD

# Half of what is asked means something that exists: else all answers would be refusals.
KNOWN: dict[str, list[Any]] = {
    "films": [301, 435, 326, 41519, 41520],
    "passwords": [PASSWORD],
    "names": ["anna"],
    "genres": ["drama", "комедия", "Sci-Fi"],
}
SOMETIMES = {
    "path.kinopoisk_id": "films",
    "body.kinopoisk_id": "films",
    "body.password": "passwords",
    "body.current_password": "passwords",
    "query.genre": "genres",
}
# Of these nothing is left of who asked, or his password is another.
LEAVING = {"POST /profile/password", "DELETE /profile"}
# Of these his session is over.
ENDING = {"POST /logout", "DELETE /profile/sessions/{session_id}", *LEAVING}

# What the document allows and the service refuses (positive_data_acceptance): by code, or by place and code.
ACCEPTED = {
    "bad-cursor": "A schema cannot tell a cursor that was given out from 16 other letters.",
    "unknown-genre": "Genres are typed in two languages and in any case, so they are no enum; the answer lists them.",
    "body.password value-error": "A schema cannot say that common passwords, and the username, are refused.",
    "body.new_password value-error": "Likewise.",
    "body.kinopoisk_id int-type": "To a schema 301.0 is an integer; who sends it may have sent any other fraction.",
}


@dataclass
class Report:
    """How often each operation was asked and how that was answered; what was found."""

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    findings: list[str] = field(default_factory=list)
    accepted: Counter[str] = field(default_factory=Counter)

    def line(self) -> str:
        cases = sum(counted.total() for counted in self.statuses.values())
        return f"{len(self.statuses)} operations, {cases} cases, {len(self.findings)} findings"

    def table(self) -> Iterator[str]:
        for operation, counted in sorted(self.statuses.items()):
            answers = "  ".join(f"{status}: {times}" for status, times in sorted(counted.items()))
            yield f"  {operation:42} {counted.total():5}   {answers}"


class Visitor:
    """Who asks: somebody with an account, who logs in again when his session is over, and somebody else after him."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._http = requests.Session()
        self._numbers = count(1)
        self._credentials: dict[str, str] | None = None
        self._token: str | None = None

    def send(self, path: str, credentials: dict[str, str]) -> Any:
        answer = self._http.post(f"{self._base_url}{path}", json=credentials)
        answer.raise_for_status()
        return answer.json()

    def register(self, username: str) -> dict[str, str]:
        credentials = {"username": username, "password": PASSWORD}
        self.send("/register", credentials)
        return credentials

    def token(self) -> str:
        self._credentials = self._credentials or self.register(f"visitor{next(self._numbers)}")
        self._token = self._token or str(self.send("/login", self._credentials)["access_token"])
        return self._token

    def look(self, operation: str, answer: schemathesis.Response) -> None:
        """What comes of it for him."""
        if answer.status_code != 204 or answer.request.headers.get("Authorization") != f"Bearer {self._token}":
            return
        if operation in LEAVING:
            self._credentials = None
        if operation in ENDING:
            self._token = None


def fuzz(base_url: str, examples: int, *, logged_in: bool) -> Report:
    """So many examples of each operation, the same ones each time.

    Who is logged in also tries the bounds of each parameter, and goes from one call to the next with what he was given.
    """
    schema = schemathesis.openapi.from_url(f"{base_url}/openapi.json", config=config(examples, logged_in=logged_in))
    report, visitor = Report(), Visitor(base_url)
    visitor.register("anna")
    if logged_in:
        log_in_as(visitor, schema)

    @schema.hook
    def filter_failure(
        _: Any, failure: Exception, case: schemathesis.Case[Any], response: schemathesis.Response
    ) -> bool:
        known = accepted(failure, response)
        report.accepted.update(known)
        return not known

    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            take_down(report, event)
        elif isinstance(event, events.NonFatalError):
            report.findings.append(f"{event.label}: {event.value}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return report


def config(examples: int, *, logged_in: bool) -> schemathesis.Config:
    sometimes = {place: {"dictionary": name, "probability": 0.5} for place, name in SOMETIMES.items()}
    return schemathesis.Config.from_dict(
        {
            "seed": 1,
            "continue-on-failure": True,
            "phases": {
                # With ids that answers gave it soon has nothing left to delete; the stateful phase uses those.
                "fuzzing": {"extra-data-sources": {"responses": False}},
                **{name: {"enabled": logged_in} for name in ("coverage", "stateful")},
            },
            "generation": {"max-examples": examples, "deterministic": True, "database": "none", "no-shrink": True},
            "dictionaries": {name: {"values": values} for name, values in KNOWN.items()},
            "parameters": sometimes,
            "operations": [
                {
                    "include-name": "POST /login",
                    "parameters": sometimes | {"body.username": {"dictionary": "names", "probability": 0.5}},
                }
            ],
        }
    )


def log_in_as(visitor: Visitor, schema: schemathesis.BaseSchema) -> None:
    @schema.auth(refresh_interval=None)
    class LoggedIn:
        def get(self, _: schemathesis.Case[Any], __: schemathesis.AuthContext) -> str:
            return visitor.token()

        def set(self, case: schemathesis.Case[Any], token: str, _: schemathesis.AuthContext) -> None:
            case.headers["Authorization"] = f"Bearer {token}"

    @schema.hook
    def after_call(_: Any, case: schemathesis.Case[Any], response: schemathesis.Response) -> None:
        visitor.look(case.operation.label, response)


def accepted(failure: Exception, response: schemathesis.Response) -> set[str]:
    """For which of the reasons this is no finding."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return set()
    problem = response.json()
    places = {f"{error['location']} {error['code']}" for error in problem.get("errors", [])}
    return ({problem["code"]} | places) & ACCEPTED.keys()


def take_down(report: Report, scenario: events.ScenarioFinished) -> None:
    recorded = scenario.recorder
    for case_id, node in recorded.cases.items():
        interaction = recorded.interactions.get(case_id)
        status = interaction.response.status_code if interaction and interaction.response else 0
        report.statuses[node.value.operation.label][status] += 1
        for check in recorded.checks.get(case_id, []):
            if check.failure_info:
                asked = check.failure_info.code_sample
                report.findings.append(f"{check.name}: {check.failure_info.failure.title}: {asked} → {status}")
