"""Makes the bucket if it isn't there, then ends: the stack's one-shot.

OBJECT_STORE_PEERS may name the nodes of the store (host:port, commas): they are asked one after the other, so that the
bucket can be made before anything balances between them. Otherwise the store of the settings is asked.
"""
import logging
import os
import sys
import time

from botocore.exceptions import BotoCoreError, ClientError

from app.logs import set_up_logs
from app.object_store import describe, open_client
from app.settings import SettingsError, load_object_store_settings

log = logging.getLogger("app.make_bucket")

GIVE_UP_SECONDS = 120.0


def make_bucket(client, bucket: str) -> bool:
    """True when it was made now, False when it was there."""
    try:
        client.head_bucket(Bucket=bucket)
        return False
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
    try:
        client.create_bucket(Bucket=bucket)
        return True
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise
        return False  # another attempt made it meanwhile


def is_refused(error: Exception) -> bool:
    """Whether the store knows us and says no: wrong key or signature."""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    return code in ("403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidBucketName")


def main() -> int:
    set_up_logs()
    try:
        settings = load_object_store_settings()
    except SettingsError as error:
        for problem in str(error).splitlines():
            log.error(problem)
        return 1
    peers = [peer.strip() for peer in os.environ.get("OBJECT_STORE_PEERS", "").split(",") if peer.strip()]
    urls = [f"{settings.scheme}://{peer}" for peer in peers] or [settings.url]
    give_up = time.monotonic() + GIVE_UP_SECONDS
    waiting = False
    while True:
        for url in urls:
            try:
                client = open_client(settings, url, attempts=1, read_timeout=10)
                made = make_bucket(client, settings.bucket)
                log.info("bucket made" if made else "bucket was there", extra={"bucket": settings.bucket})
                return 0
            except (BotoCoreError, ClientError) as error:
                if is_refused(error):
                    log.error("the object store refuses", extra={"error": describe(error), "url": url})
                    return 1
                last = describe(error)
        if time.monotonic() > give_up:
            log.error("the object store does not answer", extra={"error": last, "urls": urls})
            return 1
        if not waiting:
            log.info("waiting for the object store", extra={"error": last})
            waiting = True
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
