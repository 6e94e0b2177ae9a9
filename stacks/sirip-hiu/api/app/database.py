"""MySQL: a pool of connections, and work that is done again when the connection was lost on the way."""
import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError as PoolTimeout

from app.settings import WORKER_THREADS, Settings

log = logging.getLogger("app.database")
Result = TypeVar("Result")

# Codes after which the same statement may well succeed: too many connections, server shutting down, lock wait,
# deadlock, network errors (1158-1161), cannot connect, gone away, lost connection. 0 is PyMySQL's own "not connected".
TRANSIENT_CODES = {0, 1040, 1053, 1158, 1159, 1160, 1161, 1205, 1213, 2002, 2003, 2005, 2006, 2013, 2055}


class DatabaseUnavailable(Exception):
    """MySQL didn't answer within the time a request may take."""


def error_code(error: DBAPIError) -> int | None:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def is_transient(error: Exception) -> bool:
    """Whether the failure lies on the way to the server and not in what was asked of it."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or error_code(error) in TRANSIENT_CODES


def open_engine(settings: Settings, *, connections: int, timeout_seconds: int) -> Engine:
    """A pool that checks a connection before lending it: the way to MySQL leads over balancers that may have changed."""
    url = URL.create(
        "mysql+pymysql",
        username=settings.mysql_user,
        password=settings.mysql_password,
        host=settings.mysql_host,
        port=settings.mysql_port,
        database=settings.mysql_name,
        query={"charset": "utf8mb4"},
    )
    return create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=3,
        pool_recycle=300,  # shorter than any idle timeout on the way
        pool_pre_ping=True,
        # SQLAlchemy's errors otherwise repeat the parameters of a statement, password hashes among them
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        connect_args={
            "connect_timeout": 2,
            "read_timeout": timeout_seconds,
            "write_timeout": timeout_seconds,
            "init_command": "SET time_zone = '+00:00'",
        },
    )


class Database:
    """Runs units of work, each in its own transaction."""

    def __init__(self, settings: Settings):
        # One for each request that is worked on: none waits for a connection, none is opened for a moment only.
        self.engine = open_engine(settings, connections=WORKER_THREADS, timeout_seconds=5)
        # Health probes have their own connection: a busy pool is no reason to leave the rotation.
        self.probe_engine = open_engine(settings, connections=1, timeout_seconds=2)
        # called after each unit of work
        self.on_answer: Callable[[], None] = lambda: None

    def run(self, work: Callable[[Connection], Result], patience_seconds: float = 8.0) -> Result:
        """Runs `work` in a transaction, again when the connection breaks: `work` must bear being repeated."""
        give_up = time.monotonic() + patience_seconds
        pause = 0.05
        while True:
            try:
                with self.engine.begin() as connection:
                    result = work(connection)
                self.on_answer()
                return result
            except (DBAPIError, PoolTimeout) as error:
                if not is_transient(error):
                    raise
                if time.monotonic() + pause > give_up:
                    raise DatabaseUnavailable("MySQL does not answer") from error
                log.warning("database work repeated", extra={"code": error_code(error) if isinstance(error, DBAPIError) else None})
                time.sleep(pause)
                pause = min(pause * 2, 1.0)

    def ping(self) -> None:
        """One round trip; raises when there is none."""
        with self.probe_engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()
        self.probe_engine.dispose()


def is_duplicate(error: Exception) -> bool:
    """Whether a unique key refused the row."""
    return isinstance(error, DBAPIError) and error_code(error) == 1062


def is_refusal(error: Exception) -> bool:
    """Whether the server answered and said no (wrong password, no such database): waiting won't help."""
    return isinstance(error, OperationalError) and error_code(error) in (1044, 1045, 1049, 1698)
