"""Routes that take their arguments themselves answer as FastAPI would, and leave to it what is wrong."""

from collections.abc import Callable
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse, Response

from api.held import held
from api.inputs import Body, FilmInPath, PageSize
from api.quick_route import QuickRoute

HeldName = Annotated[str, held("name")]


class Sent(Body):
    number: int


def app_of(route_class: type[APIRoute]) -> FastAPI:
    router = APIRouter(route_class=route_class)

    @router.get("/films/{kinopoisk_id}")
    async def get(
        kinopoisk_id: FilmInPath, word: Annotated[str, Query()], name: HeldName, limit: PageSize = 20
    ) -> Response:
        return JSONResponse([kinopoisk_id, word, limit, name])

    @router.post("/films", status_code=202)
    async def post(sent: Sent) -> Response:
        return JSONResponse(sent.number, 202)

    @router.delete("/films", status_code=204, response_class=Response)
    async def delete() -> None:
        pass

    return FastAPI(routes=router.routes)


async def ask(route_class: type[APIRoute], method: str, path: str, body: str) -> tuple[int, str]:
    app = app_of(route_class)

    async def with_state(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": {"name": "held", "body": body.encode()}}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(with_state), base_url="http://test") as http:
        headers = {"Content-Type": "application/json"} if body else {}
        answer = await http.request(method, path, content=body, headers=headers)
        return answer.status_code, answer.text


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/films/301?word=a", "", 200),
        ("GET", "/films/301?word=a&limit=5&other=1", "", 200),
        ("GET", "/films/301?word=%D0%B9+%26", "", 200),
        ("GET", "/films/301?word=a&word=b", "", 200),
        ("GET", "/films/301?word=", "", 200),
        ("GET", "/films/301?word=a&limit=0", "", 422),
        ("GET", "/films/301?word=a&limit=", "", 422),
        ("GET", "/films/301?word=a&limit=5&limit=0", "", 422),
        ("GET", "/films/301?limit=5", "", 422),
        ("GET", "/films/0?word=a", "", 422),
        ("GET", "/films/x?word=a", "", 422),
        ("PATCH", "/films/301", "", 405),
        ("POST", "/films", '{"number":1}', 202),
        ("POST", "/films", '{"number":"1"}', 422),
        ("POST", "/films", '{"number":1,"more":2}', 422),
        ("POST", "/films", "null", 422),
        ("POST", "/films", "", 422),
        ("DELETE", "/films", "", 204),
    ],
)
async def test_it_answers_as_any_other_route(method: str, path: str, body: str, status: int) -> None:
    usual, quick = [await ask(kind, method, path, body) for kind in (APIRoute, QuickRoute)]
    assert quick == usual
    assert quick[0] == status


async def with_other_dependency(word: str = Depends(lambda: "word")) -> None:
    pass


async def with_header(word: Annotated[str, Header()] = "word") -> None:
    pass


async def with_request(request: Request) -> None:
    pass


async def with_two_in_body(one: Sent, two: Sent) -> None:
    pass


@pytest.mark.parametrize("endpoint", [with_other_dependency, with_header, with_request, with_two_in_body])
def test_what_it_cannot_take_is_found_when_it_is_made(endpoint: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="QuickRoute"):
        APIRouter(route_class=QuickRoute).post("/")(endpoint)
