"""Talks to the API: bounded in time, repeated where repeating is safe, and with two kinds of failure that pages explain."""
import json
import logging
from urllib.parse import urlencode

import urllib3

log = logging.getLogger("dashboard.api")

# A page waits this long at most; the balancer finds a lost API replica well within it.
TIMEOUT = urllib3.Timeout(connect=2.0, read=8.0)
REPEAT_READS = urllib3.Retry(
    total=3, backoff_factor=0.2, status_forcelist=(502, 503, 504), allowed_methods=None, raise_on_status=False,
    respect_retry_after_header=False,
)
# Work that must not be done twice is only repeated when it never left this machine.
REPEAT_CONNECTING = urllib3.Retry(total=None, connect=3, read=False, status=0, other=0, backoff_factor=0.2, raise_on_status=False)


class ApiAway(Exception):
    """The API can't be reached, or can't work at the moment."""


class ApiRefused(Exception):
    """The API said no; `status` and a message for the user."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class ApiClient:
    def __init__(self, base_url: str):
        self.base_url = base_url
        self.pool = urllib3.PoolManager(num_pools=2, maxsize=16, timeout=TIMEOUT)

    def log_in(self, username: str, password: str) -> dict:
        """access_token, and expires_in in seconds."""
        return self._ask("POST", "/login", retries=REPEAT_CONNECTING, json={"username": username, "password": password})

    def statistics(self, token: str, days: int) -> dict:
        return self._ask("GET", f"/sirip-hiu/statistics?{urlencode({'days': days})}", token, REPEAT_READS)

    def list_records(self, token: str, page: int, per_page: int, species: str | None) -> dict:
        query = {"page": page, "per_page": per_page} | ({"species": species} if species else {})
        return self._ask("GET", f"/sirip-hiu?{urlencode(query)}", token, REPEAT_READS)

    def read_record(self, token: str, record_id: int) -> dict:
        return self._ask("GET", f"/sirip-hiu/{record_id}", token, REPEAT_READS)

    def upload(self, token: str, filename: str, content: bytes, content_type: str, facts: dict[str, str], key: str) -> dict:
        """Stores a picture. The idempotency key makes it safe to send again, so it is."""
        fields = {**facts, "image": (filename, content, content_type)}
        return self._ask("POST", "/sirip-hiu", token, REPEAT_READS, fields=fields, headers={"Idempotency-Key": key})

    def _ask(self, method, path, token=None, retries=None, headers=None, **body) -> dict:
        headers = {"Accept": "application/json", **(headers or {})}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            response = self.pool.request(method, self.base_url + path, headers=headers, retries=retries, **body)
        except urllib3.exceptions.HTTPError as error:
            log.warning("the API cannot be reached", extra={"error": type(error).__name__, "path": path.split("?")[0]})
            raise ApiAway from error
        if response.status >= 500:
            log.warning("the API cannot work", extra={"status": response.status, "path": path.split("?")[0]})
            raise ApiAway
        try:
            answer = json.loads(response.data)
        except ValueError as error:
            log.warning("the API's address answers something else", extra={"status": response.status})
            raise ApiAway from error
        if response.status >= 400:
            raise ApiRefused(response.status, explain(answer))
        return answer


def explain(answer: object) -> str:
    """The API's reason as one sentence: its own, or the first field it didn't like."""
    detail = answer.get("detail") if isinstance(answer, dict) else None
    if isinstance(detail, str):
        return detail
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        where = str((detail[0].get("loc") or ["request"])[-1])
        return f"{where}: {detail[0].get('msg', 'not accepted')}"
    return "the request was not accepted"
