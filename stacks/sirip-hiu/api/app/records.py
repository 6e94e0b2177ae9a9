"""The rows of sirip_hiu: one for each picture of a fin."""
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from app.database import is_duplicate

COLUMNS = ("id, species, confidence, station, object_key, content_type, size_bytes, sha256, uploaded_by, "
           "captured_at, created_at")


@dataclass(frozen=True)
class NewRecord:
    idempotency_key: str
    species: str
    confidence: float | None
    station: str | None
    object_key: str
    content_type: str
    size_bytes: int
    sha256: str
    uploaded_by: str
    captured_at: datetime


def find_by_key(connection: Connection, idempotency_key: str) -> dict | None:
    row = connection.execute(
        text(f"SELECT {COLUMNS} FROM sirip_hiu WHERE idempotency_key = :key"), {"key": idempotency_key}
    ).mappings().first()
    return dict(row) if row else None


def insert_once(connection: Connection, record: NewRecord) -> tuple[dict, bool]:
    """The row, and whether this call made it: the unique key lets two calls at once make only one."""
    try:
        with connection.begin_nested():
            connection.execute(
                text("INSERT INTO sirip_hiu (idempotency_key, species, confidence, station, object_key, content_type, "
                     "size_bytes, sha256, uploaded_by, captured_at) VALUES (:idempotency_key, :species, :confidence, "
                     ":station, :object_key, :content_type, :size_bytes, :sha256, :uploaded_by, :captured_at)"),
                vars(record),
            )
        created = True
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        created = False
    row = find_by_key(connection, record.idempotency_key)
    assert row is not None
    return row, created


def find_by_id(connection: Connection, record_id: int) -> dict | None:
    row = connection.execute(
        text(f"SELECT {COLUMNS} FROM sirip_hiu WHERE id = :id"), {"id": record_id}
    ).mappings().first()
    return dict(row) if row else None


def list_page(connection: Connection, page: int, per_page: int, species: str | None) -> tuple[list[dict], int]:
    """One page, newest first, and how many there are in all."""
    where = "WHERE species = :species" if species else ""
    parameters = {"species": species} if species else {}
    total = connection.execute(text(f"SELECT COUNT(*) FROM sirip_hiu {where}"), parameters).scalar() or 0
    rows = connection.execute(
        text(f"SELECT {COLUMNS} FROM sirip_hiu {where} ORDER BY captured_at DESC, id DESC LIMIT :size OFFSET :skipped"),
        {**parameters, "size": per_page, "skipped": (page - 1) * per_page},
    ).mappings()
    return [dict(row) for row in rows], total


def count_by_species(connection: Connection) -> list[dict]:
    rows = connection.execute(
        text("SELECT species, COUNT(*) AS count FROM sirip_hiu GROUP BY species ORDER BY count DESC, species")
    ).mappings()
    return [dict(row) for row in rows]


def count_by_day(connection: Connection, days: int, today: date, minutes_east: int) -> list[dict]:
    """The last `days` days, the last of them `today`, days without a row included. A day begins at local midnight."""
    first = today - timedelta(days=days - 1)
    midnight = datetime.combine(first, datetime.min.time()) - timedelta(minutes=minutes_east)
    rows = connection.execute(
        text("SELECT DATE(captured_at + INTERVAL :minutes MINUTE) AS day, COUNT(*) AS count FROM sirip_hiu "
             "WHERE captured_at >= :midnight GROUP BY day"),
        {"minutes": minutes_east, "midnight": midnight},
    ).mappings()
    counts = {row["day"]: row["count"] for row in rows}
    return [
        {"day": day.isoformat(), "count": counts.get(day, 0)}
        for day in (first + timedelta(days=offset) for offset in range(days))
    ]
