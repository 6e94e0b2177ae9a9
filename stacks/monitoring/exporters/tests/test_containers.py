import os
import tempfile
import unittest

from exporters.containers import read_containers, render_containers

ID = "ab" * 32


class Containers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def test_version_2(self):
        group = f"system.slice/docker-{ID}.scope"
        for name, text in {
            "cpu.stat": "usage_usec 2500000\nthrottled_usec 500000\n", "memory.current": "1000\n", "memory.max": "max\n",
            "memory.stat": "anon 1\ninactive_file 400\n", "memory.events": "oom 1\noom_kill 2\n", "pids.current": "3\n",
            "io.stat": "8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=1 wbytes=2\n", "inner/cpu.stat": "usage_usec 1\n",
        }.items():
            self.write(f"{group}/{name}", text)
        self.write("cgroup.controllers", "cpu memory\n")
        self.assertEqual(read_containers(self.root), {ID: {
            "container_cpu_seconds_total": 2.5, "container_cpu_throttled_seconds_total": 0.5,
            "container_memory_working_set_bytes": 600.0, "container_oom_kills_total": 2.0, "container_processes": 3.0,
            "container_read_bytes_total": 11.0, "container_written_bytes_total": 22.0}})

    def test_version_1(self):
        for path, text in {
            "cpuacct/docker/{}/cpuacct.usage": "2500000000\n", "cpu/docker/{}/cpu.stat": "nr_periods 1\nthrottled_time 500000000\n",
            "memory/docker/{}/memory.usage_in_bytes": "1000\n", "memory/docker/{}/memory.limit_in_bytes": "2000\n",
            "memory/docker/{}/memory.stat": "inactive_file 1\ntotal_inactive_file 400\n",
            "memory/docker/{}/memory.oom_control": "oom_kill_disable 0\noom_kill 2\n", "pids/docker/{}/pids.current": "3\n",
            "blkio/docker/{}/blkio.throttle.io_service_bytes": "8:0 Read 10\n8:0 Write 20\n8:0 Total 30\nTotal 30\n",
        }.items():
            self.write(path.format(ID), text)
        self.assertEqual(read_containers(self.root), {ID: {
            "container_cpu_seconds_total": 2.5, "container_cpu_throttled_seconds_total": 0.5,
            "container_memory_working_set_bytes": 600.0, "container_memory_limit_bytes": 2000.0,
            "container_oom_kills_total": 2.0, "container_processes": 3.0,
            "container_read_bytes_total": 10.0, "container_written_bytes_total": 20.0}})

    def test_the_text_has_each_metric_once(self):
        self.write(f"pids/docker/{ID}/pids.current", "3\n")
        self.assertIn(f'container_processes{{id="{ID}",node="w1"}} 3\n', render_containers(self.root, "w1"))
        self.assertEqual(render_containers(os.path.join(self.root, "nothing"), "w1"), "")
