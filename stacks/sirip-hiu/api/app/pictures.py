"""What counts as a picture: its first bytes decide, not what the client calls it."""
import hashlib
from dataclasses import dataclass

MAX_PICTURE_BYTES = 10 * 1024 * 1024
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


class NotAPicture(Exception):
    """The upload is empty or is no JPEG, PNG or WebP; the message is for the client."""


@dataclass(frozen=True)
class Picture:
    content: bytes
    content_type: str
    sha256: str

    @property
    def suffix(self) -> str:
        return SUFFIXES[self.content_type]


def recognise(content: bytes) -> str | None:
    """The content type by magic numbers."""
    if content[:3] == b"\xff\xd8\xff":
        return "image/jpeg"
    if content[:8] == b"\x89PNG\r\n\x1a\n" and content[12:16] == b"IHDR":
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def read_picture(content: bytes, claimed_type: str | None) -> Picture:
    """Checks an upload. Clients that don't know the type say application/octet-stream or nothing."""
    if not content:
        raise NotAPicture("the picture is empty")
    actual = recognise(content)
    if actual is None:
        raise NotAPicture("not a picture: JPEG, PNG or WebP expected")
    claimed = (claimed_type or "").split(";")[0].strip().lower()
    if claimed not in ("", "application/octet-stream", "image/jpg", actual):
        raise NotAPicture(f"the upload says {claimed} but is {actual}")
    if claimed == "image/jpg" and actual != "image/jpeg":
        raise NotAPicture(f"the upload says {claimed} but is {actual}")
    return Picture(content, actual, hashlib.sha256(content).hexdigest())
