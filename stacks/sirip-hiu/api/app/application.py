"""The application: its parts put together, its routes and how its errors answer."""
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse

from app import login, sirip_hiu
from app.access_log import AccessLog
from app.body_limit import BodyLimit
from app.database import DatabaseUnavailable
from app.object_store import ObjectStoreUnavailable
from app.metrics import CountRequests, Metrics
from app.parts import Parts
from app.pictures import MAX_PICTURE_BYTES
from app.settings import WORKER_THREADS

# A multipart body is the picture and a few short fields.
MAX_BODY_BYTES = MAX_PICTURE_BYTES + 64 * 1024


@asynccontextmanager
async def limit_threads(_: FastAPI):
    anyio.to_thread.current_default_thread_limiter().total_tokens = WORKER_THREADS
    yield


def create_application(parts: Parts) -> FastAPI:
    app = FastAPI(
        title="Sirip Hiu",
        version="1.0",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=limit_threads,
    )
    app.state.parts = parts
    app.include_router(login.router, prefix="/api/v1")
    app.include_router(sirip_hiu.router, prefix="/api/v1")
    app.add_middleware(BodyLimit, max_bytes=MAX_BODY_BYTES)
    app.add_middleware(AccessLog)
    metrics = Metrics()
    app.add_middleware(CountRequests, metrics=metrics)

    @app.get("/healthz", include_in_schema=False)
    async def healthz():
        status, report = parts.health.report()
        return JSONResponse(report, status)

    @app.get("/livez", include_in_schema=False)
    async def livez():
        alive = parts.health.is_alive()
        return JSONResponse({"alive": alive}, 200 if alive else 503)

    @app.get("/metrics", include_in_schema=False)
    async def tell_metrics():
        return PlainTextResponse(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.exception_handler(DatabaseUnavailable)
    @app.exception_handler(ObjectStoreUnavailable)
    async def unavailable(request, error):
        return JSONResponse({"detail": str(error)}, 503, {"Retry-After": "2"})

    return app
