"""`python -m bench.usual`: one process, with the settings of the service."""

import gc

import uvicorn

from bench.usual.app import create_app
from shared import logs, metrics
from shared.settings import load_settings
from shared.wiring import start_metrics

if __name__ == "__main__":
    settings = load_settings()
    logs.configure("api", settings.logs.format, settings.logs.level)
    start_metrics(settings)
    app = create_app(settings)
    gc.collect()
    gc.freeze()
    uvicorn.run(app, host=settings.api.host, port=settings.api.port, log_config=None, access_log=False)
    metrics.close()
