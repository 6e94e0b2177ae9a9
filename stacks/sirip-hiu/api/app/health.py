"""Whether this replica should get work: probed beside the requests, so that a check answers at once and never lies long."""
import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger("app.health")

PROBE_INTERVAL_SECONDS = 1.0
# One lost probe is what a switch of the balancers looks like; leaving the rotation for it would be the outage.
FAILURES_THAT_COUNT = 3
# A probe that hangs this long counts as failed.
STALE_SECONDS = 8.0


class Dependency:
    """One thing that must answer, and how its last probes went.

    With `patience_seconds` it is lost only once it has not answered for so long: what balancers hold requests for until
    it is back is no reason to leave, and to cut those who wait.
    """

    def __init__(self, name: str, probe: Callable[[], None], clock: Callable[[], float] = time.monotonic,
                 patience_seconds: float = 0.0):
        self.name, self.probe, self.clock, self.patience_seconds = name, probe, clock, patience_seconds
        self.failures = FAILURES_THAT_COUNT  # unknown is not healthy
        self.probed_at = clock()
        self.answered_at: float | None = None

    def check(self) -> None:
        try:
            self.probe()
        except Exception as error:  # whatever it is, the dependency didn't answer
            self.failures += 1
            if self.failures == FAILURES_THAT_COUNT:
                log.error("dependency lost", extra={"dependency": self.name, "error": type(error).__name__})
            self.probed_at = self.clock()
        else:
            self.note_answer()

    def note_answer(self) -> None:
        """It answered: a probe, or a request, which says as much. Probes alone would call a busy dependency lost: they
        are no better served than requests are, and bear less. All replicas would leave the rotation at once for it."""
        if self.failures >= FAILURES_THAT_COUNT:
            log.info("dependency answers", extra={"dependency": self.name})
        self.failures = 0
        self.probed_at = self.answered_at = self.clock()

    @property
    def answers(self) -> bool:
        if self.answered_at is not None and self.clock() - self.answered_at < self.patience_seconds:
            return True
        return self.failures < FAILURES_THAT_COUNT and self.clock() - self.probed_at < STALE_SECONDS


class Health:
    """The state behind /healthz and /livez."""

    def __init__(self, dependencies: list[Dependency], patience_seconds: float = 10.0,
                 clock: Callable[[], float] = time.monotonic):
        self.dependencies = dependencies
        self.clock = clock
        self.started_at = clock()
        self.patience_seconds = patience_seconds
        self.ready = False  # the schema is there
        self.draining = False
        self._stopped = threading.Event()

    def start(self) -> None:
        for dependency in self.dependencies:
            threading.Thread(target=self._watch, args=(dependency,), name=dependency.name, daemon=True).start()

    def _watch(self, dependency: Dependency) -> None:
        while not self._stopped.is_set():
            dependency.check()
            self._stopped.wait(PROBE_INTERVAL_SECONDS)

    def stop(self) -> None:
        self._stopped.set()

    def report(self) -> tuple[int, dict]:
        """For the balancer: 200, 503 while something needed is away, 404 once told to stop (drains, doesn't cut)."""
        states = {dependency.name: "ok" if dependency.answers else "away" for dependency in self.dependencies}
        if self.draining:
            return 404, {"status": "draining", **states}
        if not self.ready:
            return 503, {"status": "starting", **states}
        healthy = all(state == "ok" for state in states.values())
        return (200 if healthy else 503), {"status": "ok" if healthy else "degraded", **states}

    def is_alive(self) -> bool:
        """For the engine, which restarts what isn't alive: a lost database is no reason to restart, so that never counts.

        A task that has just started is alive once it is ready, so that a rolling update goes on to the next replica
        only then; after the patience it counts as alive anyway, as MySQL may be reached through balancers that are set
        up only after the stack runs.
        """
        if self.draining or self.clock() - self.started_at > self.patience_seconds:
            return True
        return self.report()[0] == 200
