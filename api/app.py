"""FastAPI as this service uses it."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp

from api.openapi import with_problems


class API(FastAPI):
    """Describes its problems, and has nothing of FastAPI's own around our layers."""

    def openapi(self) -> dict[str, Any]:
        return with_problems(super().openapi())

    def build_middleware_stack(self) -> ASGIApp:
        """Without FastAPI's last resort, bound of bodies and telemetry: ours are RequestLog, RequestGuard and metrics.

        Raises TypeError for a handler of any exception: RequestLog would hear of none.
        """
        handlers: Mapping[Any, Any] = self.exception_handlers
        if {Exception, 500} & handlers.keys():
            raise TypeError("the last resort is RequestLog")
        app: ASGIApp = ExceptionMiddleware(AsyncExitStackMiddleware(self.router), handlers)
        for middleware, arguments, options in reversed(self.user_middleware):
            app = middleware(app, *arguments, **options)
        return app
