"""What must be done before the first request: schema and first user. Waits for MySQL, but not for ever."""
import logging
import time
from collections.abc import Callable

from app.database import Database, DatabaseUnavailable, is_refusal, is_transient
from app.health import Health
from app.migrations import migrate
from app.settings import Settings
from app.users import set_password

log = logging.getLogger("app.startup")

GIVE_UP_SECONDS = 300.0


def prepare(database: Database, settings: Settings) -> None:
    migrate(database)
    # The secret is the truth about the first user: a new admin_password is in force once a replica restarts with it.
    if settings.admin_password and set_password(database, settings.admin_user, settings.admin_password):
        log.info("first user's password set", extra={"user": settings.admin_user})


def prepare_with_patience(database: Database, settings: Settings, health: Health, fail: Callable[[str], None]) -> None:
    """Prepares, again and again while MySQL can't be reached; what waiting won't mend ends the process by `fail`."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    waiting_since: float | None = None
    while not health.draining:
        try:
            prepare(database, settings)
            health.ready = True
            log.info("ready", extra={"waited_seconds": round(time.monotonic() - waiting_since, 1) if waiting_since else 0})
            return
        except Exception as error:
            cause = error.__cause__ if isinstance(error, DatabaseUnavailable) and error.__cause__ else error
            if not (isinstance(error, DatabaseUnavailable) or is_transient(cause)):
                log.exception("cannot prepare the database")
                reason = "MySQL refuses this user or database" if is_refusal(cause) else "the schema cannot be prepared"
                return fail(f"{reason}: see the log above")
            if time.monotonic() > give_up:
                return fail(f"MySQL did not answer within {GIVE_UP_SECONDS:.0f} s")
            if waiting_since is None:
                waiting_since = time.monotonic()
                log.warning("waiting for MySQL", extra={"host": settings.mysql_host, "port": settings.mysql_port})
            time.sleep(0.5)
