"""Refuses request bodies that are too large, by their announced length or, when they announce none, while they come in."""
import json

TOO_LARGE = json.dumps({"detail": "the request is too large"}).encode()


class BodyTooLarge(Exception):
    pass


class BodyLimit:
    """ASGI middleware; `max_bytes` counts the whole body."""

    def __init__(self, app, max_bytes: int):
        self.app, self.max_bytes = app, max_bytes

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > self.max_bytes:
            return await refuse(send)
        received = 0
        refused = False

        async def counted_receive():
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise BodyTooLarge
            return message

        async def checked_send(message):
            # the framework answers 400 to whatever goes wrong while it reads a form: here it is known better
            nonlocal refused
            if received <= self.max_bytes:
                await send(message)
            elif not refused:
                refused = True
                await refuse(send)

        try:
            await self.app(scope, counted_receive, checked_send)
        except BodyTooLarge:
            if not refused:
                await refuse(send)


async def refuse(send):
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(TOO_LARGE)).encode()),
               (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": TOO_LARGE})
