import unittest

from app.health import FAILURES_THAT_COUNT, STALE_SECONDS, Dependency, Health


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class HealthReports(unittest.TestCase):
    def setUp(self):
        self.clock = Clock()
        self.works = True
        self.dependency = Dependency("mysql", self.probe, self.clock)
        self.health = Health([self.dependency], patience_seconds=10, clock=self.clock)

    def probe(self):
        if not self.works:
            raise OSError("away")

    def make_ready(self):
        self.dependency.check()
        self.health.ready = True

    def test_starting_is_503_and_not_yet_alive(self):
        self.assertEqual(self.health.report(), (503, {"status": "starting", "mysql": "away"}))
        self.assertFalse(self.health.is_alive())

    def test_ready_is_200_and_alive(self):
        self.make_ready()
        self.assertEqual(self.health.report(), (200, {"status": "ok", "mysql": "ok"}))
        self.assertTrue(self.health.is_alive())

    def test_never_reaching_mysql_is_alive_after_the_patience_but_stays_503(self):
        self.clock.now += 11
        self.assertTrue(self.health.is_alive())
        self.assertEqual(self.health.report()[0], 503)

    def test_a_dependency_is_lost_after_several_failures_and_back_after_one_success(self):
        self.make_ready()
        self.works = False
        for _ in range(FAILURES_THAT_COUNT - 1):
            self.dependency.check()
        self.assertEqual(self.health.report()[0], 200)
        self.dependency.check()
        self.assertEqual(self.health.report(), (503, {"status": "degraded", "mysql": "away"}))
        self.works = True
        self.dependency.check()
        self.assertEqual(self.health.report()[0], 200)

    def test_requests_that_are_answered_outweigh_probes_that_are_not(self):
        self.make_ready()
        self.works = False
        for _ in range(3 * FAILURES_THAT_COUNT):
            self.dependency.check()
            self.dependency.note_answer()
        self.assertEqual(self.health.report()[0], 200)
        for _ in range(FAILURES_THAT_COUNT):
            self.dependency.check()
        self.assertEqual(self.health.report()[0], 503)

    def test_a_probe_that_hangs_counts_as_lost(self):
        self.make_ready()
        self.clock.now += STALE_SECONDS + 1
        self.assertEqual(self.health.report()[0], 503)

    def test_one_with_patience_is_lost_when_that_is_over(self):
        self.dependency.patience_seconds = 30
        self.assertEqual(self.health.report()[0], 503)
        self.make_ready()
        self.works = False
        for _ in range(FAILURES_THAT_COUNT):
            self.dependency.check()
        self.clock.now += 29
        self.assertEqual(self.health.report()[0], 200)
        self.clock.now += 2
        self.assertEqual(self.health.report()[0], 503)
        self.works = True
        self.dependency.check()
        self.assertEqual(self.health.report()[0], 200)

    def test_a_lost_dependency_does_not_make_the_engine_restart_us(self):
        self.make_ready()
        self.works = False
        self.clock.now += 3600
        for _ in range(FAILURES_THAT_COUNT):
            self.dependency.check()
        self.assertEqual(self.health.report()[0], 503)
        self.assertTrue(self.health.is_alive())

    def test_draining_is_404_for_the_balancer_and_alive_for_the_engine(self):
        self.make_ready()
        self.health.draining = True
        self.assertEqual(self.health.report()[0], 404)
        self.assertTrue(self.health.is_alive())
