"""Requests against the real application; only MySQL and the object store behind it are stood in for."""
import asyncio
import json
import unittest
from datetime import datetime

from app import records
from app.application import MAX_BODY_BYTES, create_application
from app.database import DatabaseUnavailable
from app.draw import draw_fin
from app.health import Health
from app.object_store import ObjectStoreUnavailable
from app.parts import Parts
from app.settings import load_settings
from app.tokens import Tokens
from tests.test_settings import COMPLETE

PNG = draw_fin(1)


class MemoryDatabase:
    """Runs units of work that were written for a connection against `records` in memory (see setUp)."""

    def __init__(self):
        self.rows: list[dict] = []
        self.away = False

    def run(self, work):
        if self.away:
            raise DatabaseUnavailable("MySQL does not answer")
        return work(self)


class MemoryStore:
    def __init__(self):
        self.objects: dict[str, bytes] = {}
        self.away = False

    def put(self, key, picture):
        if self.away:
            raise ObjectStoreUnavailable("the object store does not answer")
        self.objects[key] = picture.content

    def presign(self, key):
        return f"http://s3/fins/{key}?signed"


def find_by_key(database, key):
    return next((row for row in database.rows if row["idempotency_key"] == key), None)


def insert_once(database, record):
    earlier = find_by_key(database, record.idempotency_key)
    if earlier:
        return earlier, False
    row = {"id": len(database.rows) + 1, "created_at": datetime(2026, 1, 1), **vars(record)}
    database.rows.append(row)
    return row, True


def send(app, method, path, headers=None, chunks=()):
    """Status, headers and body of one request, given to the ASGI application as a server would."""
    chunks = list(chunks) or [b""]
    path, _, query = path.partition("?")
    sent, answer, body = iter(chunks), {}, b""

    async def receive():
        chunk = next(sent, None)
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": chunk is not chunks[-1]}

    async def note(message):
        nonlocal body
        if message["type"] == "http.response.start":
            answer.update(message)
        else:
            body += message.get("body", b"")

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": query.encode(), "scheme": "http", "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        "client": ("10.0.0.1", 1234), "server": ("test", 80), "state": {},
    }
    asyncio.run(app(scope, receive, note))
    return answer["status"], {name.decode(): value.decode() for name, value in answer["headers"]}, body


def multipart(fields, content=PNG, content_type="image/png"):
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    parts.append(b'--x\r\nContent-Disposition: form-data; name="image"; filename="fin"\r\nContent-Type: '
                 + content_type.encode() + b"\r\n\r\n" + content + b"\r\n--x--\r\n")
    return b"".join(parts)


class Requests(unittest.TestCase):
    def setUp(self):
        settings = load_settings(COMPLETE)
        self.database, self.store = MemoryDatabase(), MemoryStore()
        self.health = Health([])
        self.health.ready = True
        tokens = Tokens(settings.jwt_secret_keys, settings.jwt_algorithm, settings.jwt_expiration_time)
        self.token = tokens.issue("conveyor-1")
        self.app = create_application(Parts(settings, self.database, self.store, tokens, self.health))
        for name, stand_in in (("find_by_key", find_by_key), ("insert_once", insert_once)):
            self.addCleanup(setattr, records, name, getattr(records, name))
            setattr(records, name, stand_in)

    def upload(self, fields=None, query="", content=PNG, content_type="image/png", **headers):
        body = multipart(fields or {}, content, content_type)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "multipart/form-data; boundary=x",
                   "Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
        status, _, answer = send(self.app, "POST", f"/api/v1/sirip-hiu{query}", headers, [body])
        return status, json.loads(answer)

    def test_an_upload_stores_object_and_row(self):
        status, record = self.upload({"species": "Sphyrna  lewini", "confidence": "0.93"})
        self.assertEqual(status, 201)
        self.assertEqual((record["species"], record["confidence"], record["uploaded_by"]), ("Sphyrna lewini", 0.93, "conveyor-1"))
        self.assertEqual(list(self.store.objects.values()), [PNG])
        self.assertIn(next(iter(self.store.objects)), record["picture_url"])
        self.assertNotIn("object_key", record)

    def test_facts_may_come_in_the_query(self):
        status, record = self.upload(query="?species=Prionace%20glauca&station=belt%201&captured_at=2026-01-02T10:00:00%2B07:00")
        self.assertEqual((status, record["station"], record["captured_at"]), (201, "belt 1", "2026-01-02T03:00:00Z"))

    def test_the_same_upload_twice_is_stored_once(self):
        first = self.upload({"species": "Sphyrna lewini"}, Idempotency_Key="a1")
        again = self.upload({"species": "Sphyrna lewini"}, Idempotency_Key="a1")
        self.assertEqual((first[0], again[0]), (201, 200))
        self.assertEqual(first[1]["id"], again[1]["id"])
        self.assertEqual((len(self.database.rows), len(self.store.objects)), (1, 1))

    def test_a_key_used_for_another_upload_is_a_conflict_that_changes_nothing(self):
        self.upload({"species": "Sphyrna lewini"}, Idempotency_Key="a1")
        before = dict(self.store.objects)
        self.assertEqual(self.upload({"species": "Sphyrna lewini"}, content=draw_fin(2), Idempotency_Key="a1")[0], 409)
        self.assertEqual(self.upload({"species": "Prionace glauca"}, Idempotency_Key="a1")[0], 409)
        self.assertEqual(self.store.objects, before)

    def test_bad_uploads_are_refused_before_anything_is_stored(self):
        for fields, options in (
            ({}, {}),
            ({"species": "<b>"}, {}),
            ({"species": "Sphyrna lewini", "confidence": "1.5"}, {}),
            ({"species": "Sphyrna lewini", "captured_at": "1969-01-01T00:00:00"}, {}),
            ({"species": "Sphyrna lewini", "station": "a;b"}, {}),
            ({"species": "Sphyrna lewini"}, {"content": b"text"}),
            ({"species": "Sphyrna lewini"}, {"content_type": "image/jpeg"}),
        ):
            status, answer = self.upload(fields, **options)
            self.assertEqual(status, 422, (fields, answer))
        self.assertEqual((self.database.rows, self.store.objects), ([], {}))

    def test_too_large_a_body_is_refused_announced_or_not(self):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "multipart/form-data; boundary=x"}
        announced = send(self.app, "POST", "/api/v1/sirip-hiu", {**headers, "Content-Length": str(MAX_BODY_BYTES + 1)})
        self.assertEqual(announced[0], 413)
        opening = multipart({"species": "Sphyrna lewini"}).split(b"\x89PNG")[0]
        chunks = [opening, *([bytes(1024 * 1024)] * 11), b"\r\n--x--\r\n"]
        self.assertEqual(send(self.app, "POST", "/api/v1/sirip-hiu", headers, chunks)[0], 413)

    def test_nothing_works_without_a_valid_token(self):
        for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic YTpi"}):
            for method, path in (("POST", ""), ("GET", ""), ("GET", "/1"), ("GET", "/statistics")):
                self.assertEqual(send(self.app, method, f"/api/v1/sirip-hiu{path}", headers)[0], 401)

    def test_what_is_away_answers_503_and_when_to_try_again(self):
        self.store.away = True
        self.assertEqual(self.upload({"species": "Sphyrna lewini"}), (503, {"detail": "the object store does not answer"}))
        self.assertEqual(self.database.rows, [])
        self.database.away = True
        self.assertEqual(self.upload({"species": "Sphyrna lewini"}, Idempotency_Key="a")[0], 503)

    def test_until_it_is_ready_it_answers_503(self):
        self.health.ready = False
        self.assertEqual(self.upload({"species": "Sphyrna lewini"})[0], 503)
        self.assertEqual(send(self.app, "GET", "/healthz")[0], 503)

    def test_a_request_id_goes_through_and_an_odd_one_is_replaced(self):
        self.assertEqual(send(self.app, "GET", "/livez", {"X-Request-Id": "abc-1"})[1]["x-request-id"], "abc-1")
        self.assertNotEqual(send(self.app, "GET", "/livez", {"X-Request-Id": 'a"b'})[1]["x-request-id"], 'a"b')
