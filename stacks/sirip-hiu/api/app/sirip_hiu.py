"""/sirip-hiu: store a picture of a fin with what is known of it, list, show, count."""
import hashlib
import re
import uuid
from datetime import datetime, timedelta, timezone
from typing import Annotated

from fastapi import APIRouter, File, Form, Header, HTTPException, Query, Response, UploadFile
from pydantic import BaseModel

from app import records
from app.parts import CurrentParts, CurrentUser, Parts
from app.pictures import MAX_PICTURE_BYTES, NotAPicture, Picture, read_picture

router = APIRouter(prefix="/sirip-hiu")

SPECIES = re.compile(r"[A-Za-z][A-Za-z .'-]{1,63}")
STATION = re.compile(r"[\w .:/-]{1,64}")


class Record(BaseModel):
    id: int
    species: str
    # 0 to 1, from the conveyor's recognition
    confidence: float | None
    # where the picture was taken
    station: str | None
    captured_at: datetime
    created_at: datetime
    uploaded_by: str
    content_type: str
    size_bytes: int
    sha256: str
    # fetches the picture without a token, until it expires
    picture_url: str


class Page(BaseModel):
    items: list[Record]
    page: int
    per_page: int
    total: int


class SpeciesCount(BaseModel):
    species: str
    count: int


class DayCount(BaseModel):
    day: str
    count: int


class Statistics(BaseModel):
    total: int
    today: int
    by_species: list[SpeciesCount]
    by_day: list[DayCount]


def show(row: dict, parts: Parts) -> Record:
    moments = {name: row[name].replace(tzinfo=timezone.utc) for name in ("captured_at", "created_at")}
    confidence = None if row["confidence"] is None else float(row["confidence"])
    facts = {name: value for name, value in row.items() if name != "object_key"}
    return Record(**{**facts, **moments, "confidence": confidence, "picture_url": parts.object_store.presign(row["object_key"])})


def clean_species(text: str | None) -> str:
    name = " ".join((text or "").split())
    if not SPECIES.fullmatch(name):
        raise HTTPException(422, "species: 2 to 64 letters expected, as in Sphyrna lewini")
    return name


def clean_station(text: str | None) -> str | None:
    name = " ".join((text or "").split())
    if not name:
        return None
    if not STATION.fullmatch(name):
        raise HTTPException(422, "station: up to 64 letters, digits, spaces, dots, colons, slashes or dashes expected")
    return name


def clean_moment(moment: datetime | None) -> datetime:
    """UTC without a zone, as the database keeps it; a moment that names no zone is UTC."""
    if moment is None:
        return datetime.now(timezone.utc).replace(tzinfo=None)
    if moment.tzinfo is not None:
        try:
            moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
        except OverflowError:
            raise HTTPException(422, "captured_at: out of range") from None
    if not datetime(2000, 1, 1) <= moment <= datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(days=1):
        raise HTTPException(422, "captured_at: between the year 2000 and now expected")
    return moment


def make_key(user: str, client_key: str | None) -> str:
    """What makes an upload one upload: the client's Idempotency-Key, which is its own affair per user, or a new one."""
    if client_key is None:
        return hashlib.sha256(uuid.uuid4().bytes).hexdigest()
    if not re.fullmatch(r"[\x21-\x7e]{1,200}", client_key):
        raise HTTPException(422, "Idempotency-Key: 1 to 200 visible ASCII characters expected")
    return hashlib.sha256(f"{user}\n{client_key}".encode()).hexdigest()


def make_object_key(key: str, picture: Picture, captured_at: datetime) -> str:
    """The same upload sent twice lands on the same object; another picture under the same key never overwrites it."""
    name = hashlib.sha256(f"{key}{picture.sha256}".encode()).hexdigest()[:32]
    return f"{captured_at:%Y/%m/%d}/{name}.{picture.suffix}"


def read_upload(image: UploadFile) -> Picture:
    content = image.file.read(MAX_PICTURE_BYTES + 1)
    if len(content) > MAX_PICTURE_BYTES:
        raise HTTPException(413, f"the picture is larger than {MAX_PICTURE_BYTES // 2**20} MiB")
    try:
        return read_picture(content, image.content_type)
    except NotAPicture as problem:
        raise HTTPException(422, str(problem)) from None


@router.post("", status_code=201)
def create(
    response: Response,
    parts: CurrentParts,
    user: CurrentUser,
    image: Annotated[UploadFile, File()],
    species: Annotated[str | None, Form()] = None,
    confidence: Annotated[float | None, Form(ge=0, le=1)] = None,
    station: Annotated[str | None, Form()] = None,
    captured_at: Annotated[datetime | None, Form()] = None,
    species_in_query: Annotated[str | None, Query(alias="species")] = None,
    confidence_in_query: Annotated[float | None, Query(alias="confidence", ge=0, le=1)] = None,
    station_in_query: Annotated[str | None, Query(alias="station")] = None,
    captured_at_in_query: Annotated[datetime | None, Query(alias="captured_at")] = None,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Record:
    """Stores the picture, then its row. Facts come as form fields or, as the conveyor sends them, in the query.

    201 for a new record; 200 with the same record when the same upload came before (same Idempotency-Key); 409 when
    that key came with another picture or species.
    """
    picture = read_upload(image)
    name = clean_species(species if species is not None else species_in_query)
    moment = clean_moment(captured_at if captured_at is not None else captured_at_in_query)
    key = make_key(user, idempotency_key)

    def settle(row: dict) -> Record:
        if (row["sha256"], row["species"]) != (picture.sha256, name):
            raise HTTPException(409, "this Idempotency-Key was used for another upload")
        response.status_code = 200
        return show(row, parts)

    if idempotency_key is not None:
        earlier = parts.database.run(lambda connection: records.find_by_key(connection, key))
        if earlier:
            return settle(earlier)
    record = records.NewRecord(
        idempotency_key=key,
        species=name,
        confidence=confidence if confidence is not None else confidence_in_query,
        station=clean_station(station if station is not None else station_in_query),
        object_key=make_object_key(key, picture, moment),
        content_type=picture.content_type,
        size_bytes=len(picture.content),
        sha256=picture.sha256,
        uploaded_by=user,
        captured_at=moment,
    )
    # First the object, then the row: a failure between the two leaves an object nobody sees, never a row without one.
    parts.object_store.put(record.object_key, picture)
    # insert_once is repeated when the connection breaks, even during COMMIT; the row it then finds is its own.
    row, created = parts.database.run(lambda connection: records.insert_once(connection, record))
    if not created and row["object_key"] != record.object_key:
        return settle(row)
    response.headers["Location"] = f"/api/v1/sirip-hiu/{row['id']}"
    return show(row, parts)


@router.get("")
def list_records(
    parts: CurrentParts,
    user: CurrentUser,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    per_page: Annotated[int, Query(ge=1, le=100)] = 20,
    species: Annotated[str | None, Query(max_length=64)] = None,
) -> Page:
    """Newest first."""
    rows, total = parts.database.run(lambda connection: records.list_page(connection, page, per_page, species))
    return Page(items=[show(row, parts) for row in rows], page=page, per_page=per_page, total=total)


@router.get("/statistics")
def read_statistics(
    parts: CurrentParts, user: CurrentUser, days: Annotated[int, Query(ge=1, le=366)] = 14
) -> Statistics:
    """Counts by species over all time, and by day over the last `days` days, today included."""
    minutes_east = parts.settings.minutes_east_of_utc
    today = (datetime.now(timezone.utc) + timedelta(minutes=minutes_east)).date()
    by_species, by_day = parts.database.run(
        lambda connection: (
            records.count_by_species(connection),
            records.count_by_day(connection, days, today, minutes_east),
        )
    )
    return Statistics(
        total=sum(row["count"] for row in by_species),
        today=by_day[-1]["count"],
        by_species=by_species,
        by_day=by_day,
    )


@router.get("/{record_id}")
def read_record(record_id: int, parts: CurrentParts, user: CurrentUser) -> Record:
    if not 1 <= record_id < 2**63:
        raise HTTPException(404, "no such record")
    row = parts.database.run(lambda connection: records.find_by_id(connection, record_id))
    if row is None:
        raise HTTPException(404, "no such record")
    return show(row, parts)
