"""Configuration: every setting is an environment variable, or a file that the variable with _FILE names."""
import os
import re
from dataclasses import dataclass, field

# Requests that are worked on at a time; more wait in line. More threads would do no more work, and the one that answers
# health checks would wait longer for its turn. Half of them are for uploads that wait while the store restarts.
WORKER_THREADS = 48

DEFAULT_MINUTES_EAST_OF_UTC = 420  # western Indonesia (WIB)


class SettingsError(Exception):
    """Everything wrong with the configuration, one problem a line."""


@dataclass(frozen=True)
class ObjectStoreSettings:
    """Where the pictures are. Durations are seconds. Secrets stay out of repr()."""

    host: str
    port: int
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    bucket: str
    use_ssl: bool
    # how long a presigned URL is good
    url_lifetime_seconds: int

    @property
    def scheme(self) -> str:
        return "https" if self.use_ssl else "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


@dataclass(frozen=True)
class Settings:
    """What the API needs to know."""

    mysql_host: str
    mysql_port: int
    mysql_user: str
    mysql_password: str = field(repr=False)
    mysql_name: str
    object_store: ObjectStoreSettings
    jwt_algorithm: str
    jwt_expiration_time: int
    # Tokens are signed with the first key and accepted under any, so that keys change without logging out.
    jwt_secret_keys: tuple[str, ...] = field(repr=False)
    admin_user: str
    admin_password: str | None = field(repr=False)
    # Where a day begins, for statistics by day.
    minutes_east_of_utc: int
    # How long /healthz says 404 while requests are still served, after SIGTERM.
    drain_seconds: float


def read_variable(name: str, env=os.environ) -> str | None:
    """The value of NAME, or the content of the file that NAME_FILE names without its last line break; never both."""
    value, path = env.get(name), env.get(f"{name}_FILE")
    if value and path:
        raise SettingsError(f"{name} and {name}_FILE are both set: keep one")
    if not path:
        return value or None
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().rstrip("\r\n") or None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}_FILE: cannot read {path}: {error}") from None


def read_accepted_key(name: str, env=os.environ) -> str | None:
    """
    The second key of a rotation, in the file beside NAME_FILE's with `.accepted` at the end of its name: nothing is signed
    with it, but what it signed is accepted. None when there is none.
    """
    path = env.get(f"{name}_FILE")
    if not path or not os.path.exists(f"{path}.accepted"):
        return None
    return read_variable(name, {f"{name}_FILE": f"{path}.accepted"})


def parse_duration(text: str) -> int:
    """Seconds of `900`, `900s`, `15m`, `12h` or `7d`."""
    match = re.fullmatch(r"(\d+)\s*([smhd]?)", text.strip())
    if not match:
        raise ValueError("expected a number of seconds, or a number with s, m, h or d")
    return int(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]


def parse_flag(text: str) -> bool:
    if text.strip().lower() in ("1", "true", "yes", "on"):
        return True
    if text.strip().lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError("expected true or false")


def parse_port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise ValueError("expected a port from 1 to 65535")
    return port


def parse_algorithm(text: str) -> str:
    if text not in ("HS256", "HS384", "HS512"):
        raise ValueError("expected HS256, HS384 or HS512")
    return text


def parse_presign_time(text: str) -> int:
    seconds = parse_duration(text)
    if not 1 <= seconds <= 7 * 86400:  # S3's own limit for a presigned URL
        raise ValueError("expected 1 second to 7 days")
    return seconds


class SettingsReader:
    """Takes settings one by one and keeps every problem for the end; no problem repeats a value."""

    def __init__(self, env):
        self.env = env
        self.problems: list[str] = []

    def take(self, name: str, parse=str, default=None, required=True):
        try:
            text = read_variable(name, self.env)
        except SettingsError as error:
            self.problems.append(str(error))
            return default
        if text is None:
            if required and default is None:
                self.problems.append(f"{name} is missing: set {name} or {name}_FILE")
            return default
        try:
            return parse(text)
        except ValueError as error:
            # int() repeats the text in its message, and the text may be a secret in the wrong file
            message = str(error) if str(error).startswith("expected") else "expected a number"
            self.problems.append(f"{name}: {message}")
            return default

    def take_keys(self, name: str) -> tuple[str, ...]:
        """The key that signs, then the one that is accepted beside it while keys are changed."""
        keys = [self.take(name)]
        try:
            keys.append(read_accepted_key(name, self.env))
        except SettingsError as error:
            self.problems.append(str(error))
        return tuple(key for key in keys if key)

    def finish(self) -> None:
        if self.problems:
            raise SettingsError("\n".join(self.problems))


def take_object_store(reader: SettingsReader) -> ObjectStoreSettings:
    return ObjectStoreSettings(
        host=reader.take("MINIO_HOST"),
        port=reader.take("MINIO_PORT", parse_port),
        access_key=reader.take("MINIO_ACCESS_KEY"),
        secret_key=reader.take("MINIO_SECRET_KEY"),
        bucket=reader.take("MINIO_BUCKET_NAME"),
        use_ssl=reader.take("MINIO_USE_SSL", parse_flag),
        url_lifetime_seconds=reader.take("MINIO_EXPIRATION_TIME", parse_presign_time),
    )


def load_settings(env=os.environ) -> Settings:
    """Reads all settings; raises SettingsError with every problem at once."""
    reader = SettingsReader(env)
    take = reader.take
    settings = Settings(
        mysql_host=take("MYSQL_HOST"),
        mysql_port=take("MYSQL_PORT", parse_port),
        mysql_user=take("MYSQL_USER"),
        mysql_password=take("MYSQL_PASSWORD"),
        mysql_name=take("MYSQL_NAME"),
        object_store=take_object_store(reader),
        jwt_algorithm=take("JWT_ALGORITHM", parse_algorithm),
        jwt_expiration_time=take("JWT_EXPIRATION_TIME", parse_duration),
        jwt_secret_keys=reader.take_keys("JWT_SECRET_KEY"),
        admin_user=take("ADMIN_USER", default="admin"),
        admin_password=take("ADMIN_PASSWORD", required=False),
        minutes_east_of_utc=take("MINUTES_EAST_OF_UTC", int, DEFAULT_MINUTES_EAST_OF_UTC),
        drain_seconds=take("DRAIN_SECONDS", float, 5.0),
    )
    reader.finish()
    return settings
