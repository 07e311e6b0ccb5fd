"""What lies around the routes."""

import pytest
from starlette.requests import Request
from starlette.responses import Response

from api.app import API


@pytest.mark.parametrize("whatever", [Exception, 500])
def test_nobody_but_the_request_log_handles_every_exception(whatever: int | type[Exception]) -> None:
    async def handle(_request: Request, _error: Exception) -> Response:
        return Response("handled")

    app = API(exception_handlers={whatever: handle})
    with pytest.raises(TypeError):
        app.build_middleware_stack()
