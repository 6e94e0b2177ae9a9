"""Who may log in. `python3 -m app.users NAME` adds a user or sets a password, read from standard input."""
import re
import sys

from sqlalchemy import Connection, text

from app.database import Database
from app.migrations import migrate
from app.passwords import NOBODY, hash_password, verify_password
from app.settings import load_settings

USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


def find_hash(connection: Connection, username: str) -> str | None:
    return connection.execute(
        text("SELECT password_hash FROM users WHERE username = :username"), {"username": username}
    ).scalar()


def set_password(database: Database, username: str, password: str) -> bool:
    """Makes the user or gives it this password; False when it had it already."""
    if not USERNAME.fullmatch(username):
        raise ValueError("a user name has 1 to 64 letters, digits, dots, dashes, underscores or @")
    if not password:
        raise ValueError("the password is empty")
    current = database.run(lambda connection: find_hash(connection, username))
    if current is not None and verify_password(password, current):
        return False
    hashed = hash_password(password)
    database.run(
        lambda connection: connection.execute(
            text("INSERT INTO users (username, password_hash) VALUES (:username, :hashed) "
                 "ON DUPLICATE KEY UPDATE password_hash = :hashed"),
            {"username": username, "hashed": hashed},
        )
    )
    return True


def check_login(database: Database, username: str, password: str) -> bool:
    """Whether this user has this password; takes as long for users that don't exist."""
    hashed = database.run(lambda connection: find_hash(connection, username))
    return verify_password(password, hashed or NOBODY) and hashed is not None


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python3 -m app.users NAME < password")
    database = Database(load_settings())
    migrate(database)
    try:
        changed = set_password(database, sys.argv[1], sys.stdin.readline().rstrip("\r\n"))
    except ValueError as error:
        sys.exit(str(error))
    print(f"{sys.argv[1]}: {'password set' if changed else 'had this password already'}")


if __name__ == "__main__":
    main()
