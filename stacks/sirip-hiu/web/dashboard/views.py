"""The pages."""
import secrets

from flask import Blueprint, abort, current_app, flash, g, jsonify, redirect, render_template, request, session, url_for
from werkzeug.exceptions import NotFound

from dashboard import draining
from dashboard.api_client import ApiClient, ApiRefused
from dashboard.charts import lay_out_bars, lay_out_columns
from dashboard.security import login_required, safe_path
from dashboard.species import COMMON_NAMES

pages = Blueprint("pages", __name__)

DAYS_SHOWN = 14
ROWS_SHOWN = 12


def get_api() -> ApiClient:
    return current_app.config["API"]


@pages.app_errorhandler(ApiRefused)
def refused(error: ApiRefused):
    """A token the API no longer takes means logging in again; everything else is said as the API says it."""
    if error.status == 401:
        session.clear()
        flash("Your session has ended. Please log in again.")
        return redirect(url_for("pages.log_in"))
    return render_template("error.html", code=error.status, message=str(error)), error.status


@pages.get("/healthz")
def healthz():
    """For the balancer: 404 once told to stop. The API's state doesn't count: this page can still say that it is away."""
    if draining.begun():
        return jsonify(status="draining"), 404
    return jsonify(status="ok")


@pages.get("/livez")
def livez():
    return jsonify(alive=True)


@pages.route("/login", methods=["GET", "POST"])
def log_in():
    target = safe_path(request.values.get("next"))
    if request.method == "GET":
        return render_template("login.html", target=target, username="")
    username = request.form.get("username", "").strip()
    password = request.form.get("password", "")
    problem = "Enter your user name and your password."
    if username and password:
        try:
            token = get_api().log_in(username[:64], password[:1024])["access_token"]
        except ApiRefused as error:
            problem = "That user name and password don't go together." if error.status == 401 else str(error)
        else:
            session.clear()  # a session that someone else may have started doesn't become the user's
            session.permanent = True
            session["token"] = token
            return redirect(target, 303)
    return render_template("login.html", target=target, username=username, problem=problem), 401


@pages.post("/logout")
def log_out():
    session.clear()
    return redirect(url_for("pages.log_in"), 303)


def read_overview() -> dict:
    """Everything the dashboard shows: what /overview fetches again is the same."""
    page = request.args.get("page", 1, type=int)
    species = request.args.get("species", "").strip()[:64] or None
    if page < 1:
        abort(404)
    statistics = get_api().statistics(g.token, DAYS_SHOWN)
    listing = get_api().list_records(g.token, page, ROWS_SHOWN, species)
    last_page = max(1, -(-listing["total"] // ROWS_SHOWN))
    if page > last_page:
        raise NotFound
    return {
        "statistics": statistics,
        "bars": lay_out_bars(statistics["by_species"]),
        "chart": lay_out_columns(statistics["by_day"]),
        "days": DAYS_SHOWN,
        "listing": listing,
        "page": page,
        "last_page": last_page,
        "species": species,
    }


@pages.get("/")
@login_required
def dashboard():
    return render_template("dashboard.html", **read_overview())


@pages.get("/overview")
@login_required
def overview():
    """The middle of the dashboard, for the script that keeps it fresh."""
    return render_template("overview.html", **read_overview())


@pages.get("/records/<int:record_id>")
@login_required
def show_record(record_id: int):
    return render_template("record.html", record=get_api().read_record(g.token, record_id))


@pages.route("/upload", methods=["GET", "POST"])
@login_required
def upload():
    form = {name: request.form.get(name, "").strip() for name in ("species", "station", "key")}
    # Sent along with the form: pressing the button twice stores one record.
    form["key"] = form["key"][:64] or secrets.token_urlsafe(16)
    if request.method == "GET":
        return render_template("upload.html", form=form, known=COMMON_NAMES)
    image = request.files.get("image")
    content = image.read() if image else b""
    problem = None
    if not content:
        problem = "Choose a picture."
    elif not form["species"]:
        problem = "Say which species it is."
    else:
        facts = {name: form[name] for name in ("species", "station") if form[name]}
        try:
            record = get_api().upload(g.token, "picture", content, image.mimetype, facts, form["key"])
        except ApiRefused as error:
            if error.status == 401:
                raise
            problem = f"The picture was not stored: {error}."
        else:
            flash("The picture is stored.")
            return redirect(url_for("pages.show_record", record_id=record["id"]), 303)
    form["key"] = secrets.token_urlsafe(16)  # what was refused is another upload once it is mended
    return render_template("upload.html", form=form, known=COMMON_NAMES, problem=problem), 422
