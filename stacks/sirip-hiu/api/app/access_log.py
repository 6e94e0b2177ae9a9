"""One log line a request, and a request id that goes through to the answer."""
import logging
import re
import time
import uuid

log = logging.getLogger("app.access")
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
CHECKS = ("/healthz", "/livez")


class AccessLog:
    """ASGI middleware. Good answers to health checks, several a second, are left out."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex.encode()
        started = time.perf_counter()
        status = 500

        async def noted_send(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", []), (b"x-request-id", request_id)]}
            await send(message)

        try:
            await self.app(scope, receive, noted_send)
        finally:
            if not (scope["path"] in CHECKS and status == 200):
                log.info("request", extra={
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "duration_ms": round((time.perf_counter() - started) * 1000, 1),
                    "client": (scope.get("client") or ("",))[0],
                    "request_id": request_id.decode(),
                })
