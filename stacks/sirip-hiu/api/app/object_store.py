"""The object store (MinIO or anything that speaks S3 with signature version 4)."""
import logging
from collections.abc import Callable

import boto3
from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.pictures import Picture
from app.settings import WORKER_THREADS, ObjectStoreSettings

log = logging.getLogger("app.object_store")


class ObjectStoreUnavailable(Exception):
    """The object store didn't answer or refused."""


def open_client(settings: ObjectStoreSettings, *, attempts: int, read_timeout: float):
    return boto3.session.Session().client(
        "s3",
        endpoint_url=settings.url,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        region_name="us-east-1",
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=1,
            read_timeout=read_timeout,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=WORKER_THREADS,
            # The checksum trailers that newer SDKs add by themselves are not understood by every S3.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


class ObjectStore:
    """Stores pictures in one bucket. Clients of boto3 are thread-safe; making one isn't, so all are made here."""

    def __init__(self, settings: ObjectStoreSettings):
        self.bucket = settings.bucket
        self.url_lifetime_seconds = settings.url_lifetime_seconds
        # Writes are repeated: the key depends on the content, so a second PUT changes nothing. All attempts together are
        # longer than the balancers hold one while the whole store restarts.
        self.client = open_client(settings, attempts=5, read_timeout=8)
        self.probe_client = open_client(settings, attempts=1, read_timeout=2)
        # called after each picture that is stored
        self.on_answer: Callable[[], None] = lambda: None

    def put(self, key: str, picture: Picture) -> None:
        try:
            self.client.put_object(
                Bucket=self.bucket, Key=key, Body=picture.content, ContentType=picture.content_type
            )
        except (BotoCoreError, ClientError) as error:
            log.error("object not stored", extra={"error": describe(error)})
            raise ObjectStoreUnavailable("the object store does not answer") from error
        self.on_answer()

    def presign(self, key: str) -> str:
        """A URL that fetches the object without credentials until it expires. Computed here, nothing is asked."""
        return self.client.generate_presigned_url(
            "get_object", Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=self.url_lifetime_seconds
        )

    def ping(self) -> None:
        """Asks for the bucket; raises when it is missing or the store doesn't answer."""
        self.probe_client.head_bucket(Bucket=self.bucket)


def describe(error: Exception) -> str:
    """A short reason without addresses that carry signatures."""
    if isinstance(error, ClientError):
        return f"{error.response.get('Error', {}).get('Code', 'unknown')}"
    return type(error).__name__
