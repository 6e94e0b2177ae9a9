"""The dashboard of the shark-fin information system: what the conveyor saw, for people."""
from datetime import timedelta

from flask import Flask, render_template, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboard import species, times
from dashboard.api_client import ApiAway, ApiClient
from dashboard.security import guard
from dashboard.sessions import RotatingSessions
from dashboard.settings import Settings
from dashboard.views import pages

# The API takes pictures up to 10 MiB; a form around it is a little more.
MAX_FORM_BYTES = 10 * 1024 * 1024 + 64 * 1024


def create_app(settings: Settings, api: ApiClient | None = None) -> Flask:
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_keys[0],
        SETTINGS=settings,
        API=api or ApiClient(settings.api_base_url),
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=256 * 1024,
        SESSION_COOKIE_NAME="sirip_hiu",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        # Every answer renews it. x-secrets of the compose file accepts a key for as long after it was changed.
        PERMANENT_SESSION_LIFETIME=timedelta(days=1),
        # an hour in the browser: the files' addresses carry a digest of their content
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.session_interface = RotatingSessions(settings.secret_keys)
    # One proxy stands before us, the balancer.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)
    app.register_blueprint(pages)
    guard(app)
    app.jinja_env.filters.update(
        common_name=species.name_species,
        local_name=species.name_species_locally,
        moment=lambda text: times.show_moment(text, settings.minutes_east_of_utc),
        size=times.show_size,
    )
    app.jinja_env.globals.update(zone=times.show_zone(settings.minutes_east_of_utc), static=make_static_url(app))

    @app.errorhandler(ApiAway)
    def api_away(error):
        return render_template("away.html"), 503, {"Retry-After": "5"}

    @app.errorhandler(RequestEntityTooLarge)
    def too_large(error):
        return render_template("error.html", code=413, message="The picture is too large: 10 MB at most."), 413

    @app.errorhandler(HTTPException)
    def http_error(error):
        message = "There is no such page." if error.code == 404 else error.description
        return render_template("error.html", code=error.code, message=message), error.code

    @app.errorhandler(Exception)
    def unexpected(error):
        app.logger.exception("unexpected error", extra={"path": request.path})
        return render_template("error.html", code=500, message="Something went wrong on our side."), 500

    return app


def make_static_url(app: Flask):
    """`static('style.css')`: its address with a digest of its content, so that a new version is never served stale."""
    import hashlib
    from pathlib import Path

    digests = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:12] for file in Path(app.static_folder).iterdir()
    }
    return lambda name: f"/static/{name}?{digests[name]}"
