"""/docs without internet: Swagger UI served from the installed package."""

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

ASSETS = "/docs/assets"


def install(app: FastAPI) -> None:
    assets = StaticFiles(directory=str(files("fastapi_swagger") / "resources"))
    app.mount(ASSETS, whole_files(assets), name="docs_assets")
    app.add_api_route("/docs", docs, include_in_schema=False)
    app.add_api_route("/", to_docs, include_in_schema=False)


def whole_files(assets: ASGIApp) -> ASGIApp:
    """Files without ranges: nobody resumes a script, and a malformed range would be answered in plain text."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [header for header in scope["headers"] if header[0] != b"range"]
        await assets({**scope, "headers": headers}, receive, send)

    return serve


async def docs() -> HTMLResponse:
    """The calls, to read and to try. Swagger UI could remember who is logged in, but would keep the password too."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Kinoshelf",
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS}/favicon-32x32.png",
        swagger_ui_parameters={"tryItOutEnabled": True},
    )
    page.headers["Content-Security-Policy"] = what_it_loads(bytes(page.body))
    return page


def what_it_loads(page: bytes) -> str:
    """Its own files, and the script inside it by its hash; Swagger UI sets styles and draws pictures of its own."""
    scripts = re.findall(rb"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [f"'sha256-{b64encode(sha256(script).digest()).decode()}'" for script in scripts]
    return (
        f"default-src 'self'; script-src 'self' {' '.join(hashes)}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


async def to_docs() -> RedirectResponse:
    return RedirectResponse("/docs")
