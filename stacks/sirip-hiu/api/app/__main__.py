"""Serves the API on port 8000 until told to stop: first out of the rotation, then gracefully down."""
import logging
import os
import sys
import threading

import uvicorn

from app.application import create_application
from app.database import Database
from app.health import Dependency, Health
from app.logs import set_up_logs
from app.object_store import ObjectStore
from app.parts import Parts
from app.settings import SettingsError, load_settings
from app.startup import prepare_with_patience
from app.tokens import Tokens

log = logging.getLogger("app")

# Longer than the balancer keeps an idle connection for reuse, else it would send work into a closing one.
KEEP_ALIVE_SECONDS = 75
# Longer than the balancers hold requests for the store while all of its nodes restart together (30 s): what waited is
# served after that.
STORE_PATIENCE_SECONDS = 45
# For requests that are under way when the listener closes; drain + this stays under the stack's stop_grace_period.
GRACEFUL_SECONDS = 30


class DrainingServer(uvicorn.Server):
    """On the first SIGTERM says 404 on /healthz and serves on, until every balancer has seen it; then stops."""

    def __init__(self, config: uvicorn.Config, health: Health, drain_seconds: float):
        super().__init__(config)
        self.health, self.drain_seconds = health, drain_seconds
        self.failure: str | None = None

    def handle_exit(self, sig, frame) -> None:
        if self.health.draining:  # asked twice: don't wait
            self.should_exit = True
            return
        self.health.draining = True
        log.info("draining", extra={"seconds": self.drain_seconds})
        timer = threading.Timer(self.drain_seconds, self.stop_now)
        timer.daemon = True
        timer.start()

    def stop_now(self) -> None:
        self.should_exit = True

    def fail(self, reason: str) -> None:
        self.failure = reason
        self.should_exit = True


def main() -> int:
    set_up_logs()
    try:
        settings = load_settings()
    except SettingsError as error:
        for problem in str(error).splitlines():
            log.error(problem)
        return 1
    database = Database(settings)
    object_store = ObjectStore(settings.object_store)
    dependencies = [
        Dependency("mysql", database.ping),
        Dependency("object_store", object_store.ping, patience_seconds=STORE_PATIENCE_SECONDS),
    ]
    database.on_answer, object_store.on_answer = (dependency.note_answer for dependency in dependencies)
    health = Health(dependencies)
    tokens = Tokens(settings.jwt_secret_keys, settings.jwt_algorithm, settings.jwt_expiration_time)
    application = create_application(Parts(settings, database, object_store, tokens, health))
    config = uvicorn.Config(
        application,
        host="0.0.0.0",
        port=int(os.environ.get("PORT", "8000")),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        backlog=1024,
        # Only balancers reach this port, and the address is only logged.
        forwarded_allow_ips="*",
    )
    server = DrainingServer(config, health, settings.drain_seconds)
    health.start()
    threading.Thread(
        target=prepare_with_patience, args=(database, settings, health, server.fail), name="startup", daemon=True
    ).start()
    server.run()
    health.stop()
    database.close()
    if server.failure:
        log.error(server.failure)
        return 1
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
