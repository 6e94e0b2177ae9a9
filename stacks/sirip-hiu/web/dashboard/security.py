"""What guards the pages: tokens in forms, headers on answers, who is logged in."""
import functools
import hmac
import secrets
from urllib.parse import urlsplit

import jwt
from flask import Flask, abort, current_app, g, redirect, request, session, url_for


def form_token() -> str:
    """The token that every form of this session carries."""
    if "form_token" not in session:
        session["form_token"] = secrets.token_urlsafe(24)
    return session["form_token"]


def check_form_token() -> None:
    """Refuses what another site could have sent in the user's name."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    expected = session.get("form_token", "")
    given = request.form.get("form_token", "")
    if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
        abort(400, "This form has expired. Go back, load the page again and send it once more.")


def read_token_user(token: str, keys: tuple[str, ...], algorithm: str) -> str | None:
    """The user of a token of ours, or None when it is forged or has expired."""
    for key in keys:
        try:
            return jwt.decode(token, key, algorithms=[algorithm], options={"require": ["sub", "exp"]})["sub"]
        except jwt.InvalidSignatureError:
            continue
        except jwt.PyJWTError:
            return None
    return None


def login_required(view):
    """Sends whoever isn't logged in to the login page, and back afterwards."""

    @functools.wraps(view)
    def guarded(*args, **kwargs):
        settings = current_app.config["SETTINGS"]
        token = session.get("token", "")
        g.user = read_token_user(token, settings.jwt_secret_keys, settings.jwt_algorithm)
        if g.user is None:
            session.pop("token", None)
            return redirect(url_for("pages.log_in", next=request.full_path.rstrip("?") if request.method == "GET" else None))
        g.token = token
        return view(*args, **kwargs)

    return guarded


def safe_path(target: str | None) -> str:
    """A path of this site, whatever was asked for: a login page must not send people elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc or any(ord(letter) < 32 for letter in target) else target


def allow_picture(url: str) -> str:
    """Notes where a picture of this page comes from, for its Content-Security-Policy; returns the URL."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        g.setdefault("picture_origins", set()).add(f"{parts.scheme}://{parts.netloc}")
    return url


def add_security_headers(response):
    origins = " ".join(sorted(g.get("picture_origins", ())))
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' {origins}".rstrip()
        + "; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("X-Frame-Options", "DENY")
    # the presigned URL of a picture is a key to it: no other site gets to see where a request came from
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def guard(app: Flask) -> None:
    app.before_request(check_form_token)
    app.after_request(add_security_headers)
    app.jinja_env.globals.update(form_token=form_token)
    app.jinja_env.filters.update(allow_picture=allow_picture)
