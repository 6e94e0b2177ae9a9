import unittest

from exporters.nginx import render_nginx
from exporters.text_format import render_metric

PAGE = "Active connections: 2 \nserver accepts handled requests\n 5 6 9 \nReading: 0 Writing: 1 Waiting: 3 \n"


class Nginx(unittest.TestCase):
    def test_every_number_of_the_page(self):
        samples = [line for line in render_nginx(PAGE).splitlines() if not line.startswith("#")]
        self.assertEqual(samples, [
            "nginx_connections_accepted_total 5", "nginx_connections_handled_total 6", "nginx_http_requests_total 9",
            'nginx_connections{state="active"} 2', 'nginx_connections{state="reading"} 0',
            'nginx_connections{state="writing"} 1', 'nginx_connections{state="waiting"} 3'])

    def test_another_page_is_refused(self):
        with self.assertRaises(ValueError):
            render_nginx("<html>")


class TextFormat(unittest.TestCase):
    def test_labels_are_escaped_and_numbers_short(self):
        text = render_metric("a", "gauge", "About.", [({"x": 'q"\\\n'}, 1.5), ({}, 2.0)])
        self.assertEqual(text, '# HELP a About.\n# TYPE a gauge\na{x="q\\"\\\\\\n"} 1.5\na 2\n')
