"""Serves metrics on port 9101: `python3 -m exporters swarm` on a manager, `python3 -m exporters containers` on each node.

swarm        /metrics of the swarm, /targets for Prometheus' http_sd, /nginx?target=HOST:PORT of a balancer
containers   /metrics of the containers of this node
"""
import json
import os
import re
import signal
import sys
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from exporters.containers import render_containers
from exporters.engine import EngineError, read_engine
from exporters.nginx import render_nginx
from exporters.swarm import Failures, Swarm, discover_targets, render_swarm

PORT = 9101
TARGET = re.compile(r"[0-9.]{7,15}:\d{1,5}")
NGINX_TIMEOUT_SECONDS = 3
TEXT, JSON = "text/plain; version=0.0.4; charset=utf-8", "application/json"

Route = Callable[[dict[str, list[str]]], tuple[str, str]]


class BadRequest(Exception):
    pass


def main(words: list[str]) -> int:
    routes = ROUTES.get(words[0]) if len(words) == 1 else None
    if routes is None:
        print(f"one of {', '.join(ROUTES)} expected, not {words}", file=sys.stderr)
        return 2
    server = ThreadingHTTPServer(("", PORT), make_handler(routes()))
    # as process 1 of a container Python would ignore it
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    return 0


def make_swarm_routes() -> dict[str, Route]:
    network = os.environ.get("NETWORK", "monitoring_metrics")
    failures = Failures()
    return {
        "/metrics": lambda _: (TEXT, render_swarm(read_swarm(), failures)),
        "/targets": lambda _: (JSON, json.dumps(discover_targets(read_swarm(), network))),
        "/nginx": lambda query: (TEXT, render_nginx(read_page(query))),
    }


def make_container_routes() -> dict[str, Route]:
    root, node = os.environ.get("CGROUPS", "/host/cgroup"), os.environ.get("NODE", "")
    return {"/metrics": lambda _: (TEXT, render_containers(root, node))}


ROUTES = {"swarm": make_swarm_routes, "containers": make_container_routes}


def read_swarm() -> Swarm:
    return Swarm(*read_engine(["/nodes", "/services?status=true", "/tasks", "/secrets"]))


def read_page(query: dict[str, list[str]]) -> str:
    target = query.get("target", [""])[0]
    if not TARGET.fullmatch(target):
        raise BadRequest("target=ADDRESS:PORT expected")
    with urllib.request.urlopen(f"http://{target}/stats", timeout=NGINX_TIMEOUT_SECONDS) as answer:
        return answer.read(4096).decode()


def make_handler(routes: dict[str, Route]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            route = routes.get(url.path)
            if route is None:
                return self.answer(404, "text/plain", f"there is {' and '.join(routes)}\n")
            try:
                kind, body = route(parse_qs(url.query))
            except BadRequest as error:
                return self.answer(400, "text/plain", f"{error}\n")
            except (EngineError, OSError, ValueError) as error:
                return self.answer(503, "text/plain", f"{error}\n")
            self.answer(200, kind, body)

        def answer(self, status: int, kind: str, body: str) -> None:
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_) -> None:
            """Nothing: one line every few seconds tells nobody anything."""

    return Handler


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
