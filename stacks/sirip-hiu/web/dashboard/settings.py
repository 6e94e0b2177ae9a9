"""Configuration: every setting is an environment variable, or a file that the variable with _FILE names."""
import os
from dataclasses import dataclass, field


class SettingsError(Exception):
    """Everything wrong with the configuration, one problem a line."""


@dataclass(frozen=True)
class Settings:
    """What the dashboard needs to know. Secrets stay out of repr()."""

    # with the version: http://192.168.1.20/api/v1
    api_base_url: str
    # Cookies are signed with the first key and accepted under any, so that keys change without logging out.
    secret_keys: tuple[str, ...] = field(repr=False)
    jwt_algorithm: str
    # A token is good under any of these.
    jwt_secret_keys: tuple[str, ...] = field(repr=False)
    # What the times on the pages are shown in.
    minutes_east_of_utc: int
    # Set once the site is served over HTTPS only.
    secure_cookies: bool


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


def load_settings(env=os.environ) -> Settings:
    """Reads all settings; raises SettingsError with every problem, never with a value."""
    problems: list[str] = []

    def take(name: str, default: str | None = None) -> str:
        try:
            value = read_variable(name, env) or default
        except SettingsError as error:
            problems.append(str(error))
            return ""
        if value is None:
            problems.append(f"{name} is missing: set {name} or {name}_FILE")
        return value or ""

    def take_keys(name: str) -> tuple[str, ...]:
        """
        The key that signs; then, while keys are changed, the one of the file beside NAME_FILE's with `.accepted` at the end
        of its name: nothing is signed with it, but what it signed is accepted.
        """
        path = f"{env.get(f'{name}_FILE')}.accepted"
        keys = [take(name)]
        if os.path.exists(path):
            try:
                keys.append(read_variable(name, {f"{name}_FILE": path}) or "")
            except SettingsError as error:
                problems.append(str(error))
        return tuple(key for key in keys if key)

    url = take("API_BASE_URL").rstrip("/")
    if url and not url.startswith(("http://", "https://")):
        problems.append("API_BASE_URL: expected a URL that begins with http:// or https://")
    algorithm = take("JWT_ALGORITHM")
    if algorithm and algorithm not in ("HS256", "HS384", "HS512"):
        problems.append("JWT_ALGORITHM: expected HS256, HS384 or HS512")
    minutes = take("MINUTES_EAST_OF_UTC", "420")
    if not minutes.lstrip("-").isdigit():
        problems.append("MINUTES_EAST_OF_UTC: expected a whole number of minutes")
        minutes = "420"
    settings = Settings(
        api_base_url=url,
        secret_keys=take_keys("SECRET_KEY"),
        jwt_algorithm=algorithm,
        jwt_secret_keys=take_keys("JWT_SECRET_KEY"),
        minutes_east_of_utc=int(minutes),
        secure_cookies=take("SECURE_COOKIES", "false").lower() in ("1", "true", "yes"),
    )
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def read_drain_seconds(env=os.environ) -> float:
    """How long /healthz says 404 while requests are still served, after SIGTERM."""
    return float(env.get("DRAIN_SECONDS") or 5)
