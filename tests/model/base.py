"""What all rules stand on: the service beside its model, and answers held against it."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import httpx
from hypothesis.stateful import Bundle, RuleBasedStateMachine, precondition
from hypothesis.strategies import sampled_from

from tests.client import Client, problem
from tests.model.model import KNOWN, SCARCE, UNKNOWN, Model, Outcome, Session
from tests.model.world import World


@dataclass(eq=False)
class Login:
    """A token, and the session that it is for; kept after the session's end, and tried again."""

    client: Client
    session: Session


logins = Bundle("logins")
living = logins.filter(lambda login: login.session.alive)
somebody = precondition(lambda machine: any(login.session.alive for login in machine.known_logins))
films = sampled_from((*KNOWN, *UNKNOWN))


class Machine(RuleBasedStateMachine):
    """One example: a world without anybody, and an empty model."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.model = Model()
        # All that there were, the latest last.
        self.known_logins: list[Login] = []
        world.reset()

    def teardown(self) -> None:
        self.world.start_redis()

    def is_scarce(self) -> bool:
        """Whether the budget may keep a call from being made."""
        return self.world.do(self.world.recent_calls()) >= SCARCE

    def ask(
        self,
        login: Login,
        request: Coroutine[Any, Any, httpx.Response],
        change: Callable[[], Outcome],
    ) -> httpx.Response | None:
        """Ask with this token; what the model says of it is what must be answered. None for a token that is dead."""
        alive = login.session.alive
        answer = self.world.do(request)
        if not alive:
            problem(answer, 401, "unauthorized")
            return None
        check(answer, change())
        return answer


def check(answer: httpx.Response, outcome: Outcome) -> None:
    status, code = outcome
    if code is None:
        assert answer.status_code == status, (answer.status_code, answer.text)
    else:
        problem(answer, status, code)
