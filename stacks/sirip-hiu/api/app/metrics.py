"""What the application counts of itself, in Prometheus' text format at /metrics."""
import bisect
import threading
import time
from collections import Counter

BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Asked by machines several times a second; they would drown what people ask.
UNCOUNTED = ("/healthz", "/livez", "/metrics")
OTHER = "other"
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Metrics:
    """Requests by method, route and status; their delays, and how much these vary from one request to the next."""

    def __init__(self):
        self.lock = threading.Lock()
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.buckets: dict[str, list[int]] = {}
        self.seconds: Counter[str] = Counter()
        self.variation_seconds = 0.0
        self.last_seconds: float | None = None

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        with self.lock:
            self.requests[method if method in METHODS else OTHER, route, status] += 1
            buckets = self.buckets.setdefault(route, [0] * (len(BUCKETS_SECONDS) + 1))
            buckets[bisect.bisect_left(BUCKETS_SECONDS, seconds)] += 1
            self.seconds[route] += seconds
            if self.last_seconds is not None:
                self.variation_seconds += abs(seconds - self.last_seconds)
            self.last_seconds = seconds

    def render(self) -> str:
        with self.lock:
            lines = ["# HELP http_requests_total Requests answered.", "# TYPE http_requests_total counter"]
            lines += [f'http_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
                      for (method, route, status), count in sorted(self.requests.items())]
            name = "http_request_duration_seconds"
            lines += [f"# HELP {name} Time until the answer was sent.", f"# TYPE {name} histogram"]
            for route, counts in sorted(self.buckets.items()):
                reached = 0
                for limit, count in zip((*BUCKETS_SECONDS, "+Inf"), counts, strict=True):
                    reached += count
                    lines.append(f'{name}_bucket{{route="{route}",le="{limit}"}} {reached}')
                lines.append(f'{name}_sum{{route="{route}"}} {self.seconds[route]}')
                lines.append(f'{name}_count{{route="{route}"}} {reached}')
            name = "http_request_delay_variation_seconds_total"
            lines += [f"# HELP {name} Differences between the delays of one request and the next, added up: jitter.",
                      f"# TYPE {name} counter", f"{name} {self.variation_seconds}"]
            return "\n".join(lines) + "\n"


class CountRequests:
    """ASGI middleware. Routes are told by their pattern: a path with an id in it would be a series of its own."""

    def __init__(self, app, metrics: Metrics):
        self.app, self.metrics = app, metrics

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["path"] in UNCOUNTED:
            return await self.app(scope, receive, send)
        started = time.perf_counter()
        status = 500

        async def noted_send(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted_send)
        finally:
            route = getattr(scope.get("route"), "path", OTHER)
            self.metrics.note(scope["method"], route, status, time.perf_counter() - started)
