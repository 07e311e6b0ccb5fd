"""Routes of what is asked all day: they take their arguments themselves, because FastAPI takes longer than PostgreSQL.

FastAPI declares and documents them as all others. A request with anything wrong in it is left to FastAPI, too, so that
every refusal is the same; only who has no open session is told that first, as everywhere.
"""

from collections.abc import Mapping
from inspect import signature
from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.held import Held
from api.identity import Asker, Bearer

Values = dict[str, Any]


class QuickRoute(APIRoute):
    """For endpoints that take `Asking`, what is held, ids in the path, a query, a body, and nothing else.

    Raises TypeError, when it is made, for others.
    """

    def __init__(self, path: str, endpoint: Any, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        wanted = self.dependant
        self._dependencies = dict(map(_dependency, wanted.dependencies))
        fields = (*wanted.path_params, *wanted.query_params, *wanted.body_params)
        untaken = set(signature(endpoint).parameters) - {*self._dependencies, *(field.name for field in fields)}
        made = any(field.field_info.default_factory for field in fields)
        if untaken or made or len(wanted.body_params) > 1:
            raise TypeError(f"{endpoint.__name__} takes something that a QuickRoute cannot")

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        values = {name: scope["state"][held] if held else Asker(scope) for name, held in self._dependencies.items()}
        if not self._take_all(scope, values):
            for asker in (value for value in values.values() if isinstance(value, Asker)):
                await asker.identity()
            await super().handle(scope, receive, send)
            return
        answer = await self.endpoint(**values)
        await (answer or Response(status_code=self.status_code or 200))(scope, receive, send)

    def _take_all(self, scope: Scope, values: Values) -> bool:
        """False where FastAPI has to look."""
        wanted = self.dependant
        good = _take(wanted.path_params, scope["path_params"], values)
        if wanted.query_params:
            query = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
            good = good and _take(wanted.query_params, dict(query), values)
        if wanted.body_params:
            good = good and _take_body(wanted.body_params, scope["state"].get("body"), values)
        return good


def _dependency(wanted: Dependant) -> tuple[str, str]:
    """The argument, and as what it is held; "" for who asks."""
    if not isinstance(wanted.call, Held | Bearer) or wanted.name is None:
        raise TypeError(f"{wanted.call} is nothing that a QuickRoute can take")
    return wanted.name, wanted.call.name if isinstance(wanted.call, Held) else ""


def _take(fields: list[ModelField], given: Mapping[str, Any], values: Values) -> bool:
    """Whether all that is given is right, and all that is needed is given."""
    for field in fields:
        if field.alias not in given:
            if field.field_info.is_required():
                return False
            values[field.name] = field.field_info.default
            continue
        values[field.name], wrong = field.validate(given[field.alias])
        if wrong:
            return False
    return True


def _take_body(fields: list[ModelField], body: bytes | None, values: Values) -> bool:
    """The guard has seen that it is JSON."""
    [field] = fields
    return bool(body) and _take([field], {field.alias: orjson.loads(body or b"null")}, values)
