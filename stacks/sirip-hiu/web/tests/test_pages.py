"""The real pages; only the API behind them is stood in for."""
import dataclasses
import io
import re
import tempfile
import time
import unittest

import jwt

from dashboard import create_app, draining
from dashboard.api_client import ApiAway, ApiRefused, explain
from dashboard.security import safe_path
from dashboard.settings import SettingsError, load_settings
from dashboard.times import show_moment, show_size

KEY = "k" * 32
ENV = {"API_BASE_URL": "http://api/api/v1", "SECRET_KEY": "s" * 32, "JWT_ALGORITHM": "HS256", "JWT_SECRET_KEY": KEY}
RECORD = {
    "id": 7, "species": "Sphyrna lewini", "confidence": 0.934, "station": "<script>", "captured_at": "2026-11-21T02:28:40Z",
    "created_at": "2026-11-21T02:28:41Z", "uploaded_by": "conveyor-1", "content_type": "image/png",
    "size_bytes": 183527, "sha256": "9e" * 32, "picture_url": "http://192.0.2.20:9000/fins/a.png?X-Amz-Signature=1&b=2",
}


def make_token(lifetime=60, key=KEY):
    return jwt.encode({"sub": "admin", "exp": int(time.time()) + lifetime}, key, algorithm="HS256")


class MemoryApi:
    def __init__(self):
        self.failure = None
        self.uploads = []

    def check(self):
        if self.failure:
            raise self.failure

    def log_in(self, username, password):
        self.check()
        if (username, password) != ("admin", "right"):
            raise ApiRefused(401, "wrong user name or password")
        return {"access_token": make_token()}

    def statistics(self, token, days):
        self.check()
        return {"total": 1, "today": 1, "by_species": [{"species": RECORD["species"], "count": 1}],
                "by_day": [{"day": f"2026-11-{day:02}", "count": int(day == 21)} for day in range(22 - days, 22)]}

    def list_records(self, token, page, per_page, species):
        self.check()
        return {"items": [RECORD], "page": page, "per_page": per_page, "total": 30}

    def read_record(self, token, record_id):
        self.check()
        return RECORD

    def upload(self, token, filename, content, content_type, facts, key):
        self.check()
        self.uploads.append((content, content_type, facts, key))
        return RECORD


class Pages(unittest.TestCase):
    def setUp(self):
        self.api = MemoryApi()
        self.client = create_app(load_settings(ENV), self.api).test_client()

    def form_token(self, path):
        return re.search(r'name="form_token" value="([^"]+)"', self.client.get(path).text)[1]

    def log_in(self, **fields):
        form = {"username": "admin", "password": "right", "form_token": self.form_token("/login"), **fields}
        return self.client.post("/login", data=form)

    def test_pages_lead_to_the_login_and_back(self):
        answer = self.client.get("/records/7")
        self.assertEqual((answer.status_code, answer.location), (302, "/login?next=/records/7"))
        self.assertEqual(self.log_in(next="/records/7").location, "/records/7")

    def test_a_wrong_password_says_so_and_logs_nobody_in(self):
        answer = self.log_in(password="wrong")
        self.assertEqual(answer.status_code, 401)
        self.assertIn("go together", answer.text)
        self.assertEqual(self.client.get("/").status_code, 302)

    def test_the_login_never_leads_to_another_site(self):
        for target in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", None, "/a\nb"):
            self.assertEqual(safe_path(target), "/")
        self.assertEqual(safe_path("/?page=2&species=a"), "/?page=2&species=a")

    def test_a_form_without_its_token_is_refused(self):
        self.assertEqual(self.client.post("/login", data={"username": "admin", "password": "right"}).status_code, 400)
        self.log_in()
        self.assertEqual(self.client.post("/logout", data={"form_token": "x"}).status_code, 400)
        self.assertEqual(self.client.get("/").status_code, 200)

    def test_the_dashboard_shows_counts_names_and_pages(self):
        self.log_in()
        page = self.client.get("/?page=2").text
        for expected in ("Scalloped hammerhead", "hiu martil", "93.4 %", "21 Nov 2026, 09:28", "Page 2 of 3"):
            self.assertIn(expected, page)

    def test_what_users_wrote_is_escaped(self):
        self.log_in()
        page = self.client.get("/").text
        self.assertIn("&lt;script&gt;", page)
        self.assertNotIn("<td data-label=\"Station\"><script>", page)

    def test_pictures_may_come_from_the_object_store_and_scripts_from_here_only(self):
        self.log_in()
        policy = self.client.get("/records/7").headers["Content-Security-Policy"]
        self.assertIn("img-src 'self' http://192.0.2.20:9000;", policy)
        self.assertIn("default-src 'none'; script-src 'self'", policy)
        self.assertNotIn("192.0.2.20", self.client.get("/upload").headers["Content-Security-Policy"])

    def test_a_page_that_does_not_exist_is_404(self):
        self.log_in()
        for path in ("/?page=0", "/?page=4", "/nothing", "/records/x"):
            self.assertEqual(self.client.get(path).status_code, 404, path)

    def test_an_upload_reaches_the_api_with_the_key_of_its_form(self):
        self.log_in()
        page = self.client.get("/upload").text
        key = re.search(r'name="key" value="([^"]+)"', page)[1]
        form = {"form_token": self.form_token("/upload"), "key": key, "species": "Sphyrna lewini", "station": "",
                "image": (io.BytesIO(b"picture"), "fin.png", "image/png")}
        answer = self.client.post("/upload", data=form)
        self.assertEqual((answer.status_code, answer.location), (303, "/records/7"))
        self.assertEqual(self.api.uploads, [(b"picture", "image/png", {"species": "Sphyrna lewini"}, key)])

    def test_an_upload_the_api_refuses_says_why(self):
        self.log_in()
        form_token = self.form_token("/upload")
        self.api.failure = ApiRefused(422, "not a picture")
        answer = self.client.post("/upload", data={"form_token": form_token, "species": "a",
                                                   "image": (io.BytesIO(b"text"), "fin.png")})
        self.assertEqual(answer.status_code, 422)
        self.assertIn("The picture was not stored: not a picture.", answer.text)

    def test_when_the_api_is_away_the_page_says_so_and_the_balancer_keeps_us(self):
        self.log_in()
        self.api.failure = ApiAway()
        answer = self.client.get("/")
        self.assertEqual(answer.status_code, 503)
        self.assertIn("be reached right now", answer.text)
        self.assertEqual(self.client.get("/healthz").status_code, 200)

    def test_a_token_the_api_no_longer_takes_leads_to_the_login(self):
        self.log_in()
        self.api.failure = ApiRefused(401, "log in first")
        self.assertEqual(self.client.get("/").location, "/login")
        self.assertIn("session has ended", self.client.get("/login").text)

    def test_forged_and_expired_tokens_lead_to_the_login(self):
        for token in (make_token(lifetime=-60), make_token(key="x" * 32), "junk"):
            with self.client.session_transaction() as session:
                session["token"] = token
            self.assertEqual(self.client.get("/").status_code, 302)

    def test_logging_out_ends_the_session(self):
        self.log_in()
        answer = self.client.post("/logout", data={"form_token": self.form_token("/")})
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(self.client.get("/").status_code, 302)

    def test_draining_answers_404_to_the_balancer_and_goes_on_serving(self):
        self.addCleanup(draining._flag.__setitem__, 0, 0)
        draining.begin()
        self.assertEqual(self.client.get("/healthz").status_code, 404)
        self.assertEqual(self.client.get("/livez").status_code, 200)
        self.assertEqual(self.client.get("/login").status_code, 200)

    def test_every_page_forbids_framing_and_sniffing(self):
        headers = self.client.get("/login").headers
        self.assertEqual((headers["X-Frame-Options"], headers["X-Content-Type-Options"]), ("DENY", "nosniff"))


class Settings(unittest.TestCase):
    def test_all_problems_are_reported_at_once(self):
        with self.assertRaises(SettingsError) as caught:
            load_settings({"API_BASE_URL": "api", "SECRET_KEY_FILE": "/nowhere", "JWT_ALGORITHM": "none"})
        self.assertEqual(len(str(caught.exception).splitlines()), 4)


    def test_a_second_key_is_read_from_the_file_beside_the_first(self):
        with tempfile.TemporaryDirectory() as folder:
            env = {**ENV, "SECRET_KEY_FILE": f"{folder}/key"}
            del env["SECRET_KEY"]
            for name, text in (("key", "new\n"), ("key.accepted", "old\n")):
                with open(f"{folder}/{name}", "w") as file:
                    file.write(text)
            settings = load_settings(env)
        self.assertEqual((settings.secret_keys, settings.jwt_secret_keys), (("new", "old"), (KEY,)))


class Rotation(unittest.TestCase):
    def open_app(self, *keys):
        settings = dataclasses.replace(load_settings(ENV), secret_keys=keys)
        return create_app(settings, MemoryApi())

    def log_in(self, app):
        client = app.test_client()
        token = re.search(r'name="form_token" value="([^"]+)"', client.get("/login").text)[1]
        client.post("/login", data={"username": "admin", "password": "right", "form_token": token})
        return client.get_cookie("sirip_hiu").value

    def is_logged_in(self, app, cookie):
        client = app.test_client()
        client.set_cookie("sirip_hiu", cookie)
        return client.get("/").status_code == 200

    def test_a_session_lives_on_while_its_key_is_accepted_on_any_replica_in_any_order(self):
        steps = [self.open_app(*keys) for keys in (("old",), ("old", "new"), ("new", "old"))]
        for here, there in zip(steps, steps[1:]):
            self.assertTrue(self.is_logged_in(there, self.log_in(here)))
            self.assertTrue(self.is_logged_in(here, self.log_in(there)))

    def test_a_session_of_a_key_that_was_dropped_has_ended(self):
        self.assertFalse(self.is_logged_in(self.open_app("new"), self.log_in(self.open_app("old"))))

    def test_new_cookies_are_signed_with_the_first_key(self):
        cookie = self.log_in(self.open_app("new", "old"))
        self.assertTrue(self.is_logged_in(self.open_app("new"), cookie))
        self.assertFalse(self.is_logged_in(self.open_app("old"), cookie))


class Words(unittest.TestCase):
    def test_moments_and_sizes(self):
        self.assertEqual(show_moment("2026-11-21T18:05:00.123Z", 420), "22 Nov 2026, 01:05")
        self.assertEqual([show_size(n) for n in (999, 183527, 2_500_000)], ["999 B", "184 kB", "2.5 MB"])

    def test_the_apis_reasons(self):
        self.assertEqual(explain({"detail": "no"}), "no")
        self.assertEqual(explain({"detail": [{"loc": ["query", "page"], "msg": "too small"}]}), "page: too small")
        self.assertEqual(explain([]), "the request was not accepted")
