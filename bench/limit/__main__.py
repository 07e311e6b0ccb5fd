"""`python -m bench.limit`: one process, with the settings of the service."""

import gc

import uvicorn

from bench.limit.app import App
from shared.settings import load_settings

if __name__ == "__main__":
    settings = load_settings()
    gc.collect()
    gc.freeze()
    uvicorn.run(
        App(settings),
        host=settings.api.host,
        port=settings.api.port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
    )
