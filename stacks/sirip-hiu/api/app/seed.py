"""Fills an empty system with records to look at: `python3 -m app.seed [--count 60]`. Twice is the same as once."""
import argparse
import hashlib
import random
import sys
from datetime import datetime, timedelta, timezone

from app import records
from app.database import Database
from app.draw import draw_fin
from app.migrations import migrate
from app.object_store import ObjectStore
from app.pictures import read_picture
from app.settings import load_settings

# Species landed in Indonesia, with how often each comes along the conveyor.
SPECIES = {
    "Carcharhinus falciformis": 30,
    "Prionace glauca": 22,
    "Sphyrna lewini": 14,
    "Alopias pelagicus": 12,
    "Carcharhinus limbatus": 9,
    "Isurus oxyrinchus": 7,
    "Galeocerdo cuvier": 4,
    "Carcharhinus longimanus": 2,
}
DAYS = 14


def choose_facts(index: int, now: datetime) -> tuple[str, float, str, datetime]:
    """Species, confidence, station and moment of the record with this number."""
    rng = random.Random(f"sirip-hiu {index}")
    species = rng.choices(list(SPECIES), list(SPECIES.values()))[0]
    # more of them lately, and within working hours
    days_ago = int(DAYS * rng.random() ** 1.4)
    moment = (now - timedelta(days=days_ago)).replace(
        hour=rng.randrange(0, 10), minute=rng.randrange(60), second=rng.randrange(60), microsecond=0
    )
    if moment > now:
        moment -= timedelta(days=1)
    return species, round(rng.uniform(0.71, 0.995), 4), f"conveyor-{rng.randint(1, 2)}", moment


def seed(database: Database, object_store: ObjectStore, count: int) -> int:
    """Makes the records that aren't there; returns how many it made."""
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    made = 0
    for index in range(count):
        key = hashlib.sha256(f"seed {index}".encode()).hexdigest()
        if database.run(lambda connection: records.find_by_key(connection, key)):
            continue
        species, confidence, station, moment = choose_facts(index, now)
        picture = read_picture(draw_fin(index), None)
        object_key = f"demo/{key[:32]}.{picture.suffix}"
        object_store.put(object_key, picture)
        record = records.NewRecord(
            key, species, confidence, station, object_key, picture.content_type, len(picture.content),
            picture.sha256, "demo", moment,
        )
        _, created = database.run(lambda connection: records.insert_once(connection, record))
        made += created
    return made


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m app.seed", description=__doc__)
    parser.add_argument("--count", type=int, default=60)
    arguments = parser.parse_args()
    settings = load_settings()
    database = Database(settings)
    migrate(database)
    print(f"{seed(database, ObjectStore(settings.object_store), arguments.count)} records made")
    return 0


if __name__ == "__main__":
    sys.exit(main())
