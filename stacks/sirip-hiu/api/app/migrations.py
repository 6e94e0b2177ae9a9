"""The schema, step by step. A step is never changed once released: add another."""
import logging
import time

from sqlalchemy import Connection, text

from app.database import Database, DatabaseUnavailable

log = logging.getLogger("app.migrations")
LOCK = "sirip-hiu.migrations"

# DDL isn't transactional in MySQL, so each step must bear being run again after half of it was done.
STEPS: list[list[str]] = [
    [
        """CREATE TABLE IF NOT EXISTS users (
             id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
             username VARCHAR(64) NOT NULL,
             password_hash VARCHAR(255) NOT NULL,
             created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
             UNIQUE KEY users_username (username)
           ) CHARACTER SET utf8mb4""",
        """CREATE TABLE IF NOT EXISTS sirip_hiu (
             id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
             idempotency_key CHAR(64) CHARACTER SET ascii NOT NULL,
             species VARCHAR(64) NOT NULL,
             confidence DECIMAL(5,4) NULL,
             station VARCHAR(64) NULL,
             object_key VARCHAR(255) CHARACTER SET ascii NOT NULL,
             content_type VARCHAR(64) CHARACTER SET ascii NOT NULL,
             size_bytes INT UNSIGNED NOT NULL,
             sha256 CHAR(64) CHARACTER SET ascii NOT NULL,
             uploaded_by VARCHAR(64) NOT NULL,
             captured_at DATETIME(3) NOT NULL,
             created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
             UNIQUE KEY sirip_hiu_idempotency_key (idempotency_key),
             KEY sirip_hiu_captured_at (captured_at),
             KEY sirip_hiu_species (species, captured_at)
           ) CHARACTER SET utf8mb4""",
    ],
]


def migrate(database: Database) -> int:
    """Brings the schema up to date; several replicas may call it at once. Returns how many steps were taken."""

    def work(connection: Connection) -> int | None:
        # Short waits, asked again: a long GET_LOCK would run into the connection's read timeout.
        if connection.execute(text("SELECT GET_LOCK(:name, 3)"), {"name": LOCK}).scalar() != 1:
            return None
        try:
            return take_missing_steps(connection)
        finally:
            connection.execute(text("DO RELEASE_LOCK(:name)"), {"name": LOCK})

    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        taken = database.run(work)
        if taken is not None:
            return taken
    raise DatabaseUnavailable("another replica has held the migration lock for a minute")


def take_missing_steps(connection: Connection) -> int:
    connection.execute(
        text("CREATE TABLE IF NOT EXISTS schema_migrations (version INT UNSIGNED NOT NULL PRIMARY KEY, "
             "taken_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3))")
    )
    done = set(connection.execute(text("SELECT version FROM schema_migrations")).scalars())
    missing = [version for version in range(1, len(STEPS) + 1) if version not in done]
    for version in missing:
        for statement in STEPS[version - 1]:
            connection.execute(text(statement))
        connection.execute(text("INSERT INTO schema_migrations (version) VALUES (:version)"), {"version": version})
        log.info("schema step taken", extra={"version": version})
    return len(missing)
