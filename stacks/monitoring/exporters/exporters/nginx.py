"""NGINX's status page as metrics. Pure."""
import re

from exporters.text_format import render_metric

PAGE = re.compile(
    r"Active connections:\s*(\d+)\s*\n.*\n\s*(\d+)\s+(\d+)\s+(\d+)\s*\n"
    r"Reading:\s*(\d+)\s+Writing:\s*(\d+)\s+Waiting:\s*(\d+)"
)


def render_nginx(page: str) -> str:
    """Raises ValueError for what is no status page."""
    match = PAGE.search(page)
    if match is None:
        raise ValueError("that is no status page of NGINX")
    active, accepted, handled, requests, reading, writing, waiting = (float(number) for number in match.groups())
    return "".join([
        render_metric("nginx_connections_accepted_total", "counter", "Connections accepted.", [({}, accepted)]),
        render_metric("nginx_connections_handled_total", "counter", "Connections handled.", [({}, handled)]),
        render_metric("nginx_http_requests_total", "counter", "Requests.", [({}, requests)]),
        render_metric("nginx_connections", "gauge", "Connections by what they do.", [
            ({"state": "active"}, active), ({"state": "reading"}, reading),
            ({"state": "writing"}, writing), ({"state": "waiting"}, waiting),
        ]),
    ])
