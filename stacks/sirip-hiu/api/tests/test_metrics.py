import unittest

from app.metrics import Metrics
from tests import test_requests
from tests.test_requests import send


class TestMetrics(unittest.TestCase):
    def test_the_whole_text(self):
        metrics = Metrics()
        metrics.note("GET", "/a", 200, 0.004)
        metrics.note("GET", "/a", 200, 0.25)
        metrics.note("BREW", "/a", 405, 11)
        text = metrics.render().splitlines()
        self.assertEqual([line for line in text if line.startswith("http_requests_total")], [
            'http_requests_total{method="GET",route="/a",status="200"} 2',
            'http_requests_total{method="other",route="/a",status="405"} 1',
        ])
        buckets = [line.rsplit(" ", 1)[1] for line in text if "_bucket" in line]
        self.assertEqual(buckets, ["1", "1", "1", "1", "1", "2", "2", "2", "2", "2", "2", "3"])
        self.assertIn('http_request_duration_seconds_count{route="/a"} 3', text)
        self.assertIn("http_request_delay_variation_seconds_total 10.996", text)


class TestCounting(unittest.TestCase):
    setUp = test_requests.Requests.setUp

    def counted(self):
        status, headers, body = send(self.app, "GET", "/metrics")
        self.assertEqual((status, headers["content-type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        return [line for line in body.decode().splitlines() if line.startswith("http_requests_total")]

    def test_a_path_with_an_id_counts_under_its_pattern(self):
        send(self.app, "GET", "/api/v1/sirip-hiu/17")
        self.assertEqual(self.counted(), ['http_requests_total{method="GET",route="/api/v1/sirip-hiu/{record_id}",status="401"} 1'])

    def test_paths_that_nobody_serves_are_one_series(self):
        for path in ("/x", "/y"):
            send(self.app, "GET", path)
        self.assertEqual(self.counted(), ['http_requests_total{method="GET",route="other",status="404"} 2'])

    def test_checks_are_left_out(self):
        for path in ("/healthz", "/livez", "/metrics"):
            send(self.app, "GET", path)
        self.assertEqual(self.counted(), [])
