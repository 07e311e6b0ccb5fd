"""The sandbox as an ASGI application."""

from starlette.applications import Starlette
from starlette.routing import Route

from dev.sandbox.control import ROUTES
from dev.sandbox.endpoints import ENDPOINTS
from dev.sandbox.gate import Gate
from dev.sandbox.options import Options
from dev.sandbox.state import Sandbox


def create_sandbox(options: Options | None = None) -> Starlette:
    """A sandbox of its own; its Sandbox is at `app.state.sandbox`."""
    api = [Route(endpoint.template, Gate(endpoint), methods=["GET"]) for endpoint in ENDPOINTS]
    app = Starlette(routes=[*api, *ROUTES])
    app.state.sandbox = Sandbox(options or Options())
    return app
