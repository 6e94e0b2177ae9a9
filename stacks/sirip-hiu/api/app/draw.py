"""Draws pictures for demonstrations and tests: a fin on a conveyor belt, as PNG, with nothing but zlib. Deterministic."""
import math
import random
import struct
import zlib


def draw_fin(seed: int, width: int = 360, height: int = 270) -> bytes:
    """A PNG of a dorsal fin; the same seed draws the same picture. About 180 kB at the default size: the belt is grainy."""
    rng = random.Random(seed)
    rise = rng.uniform(0.55, 0.8)  # height of the fin, as a share of the picture's
    length = rng.uniform(0.5, 0.7) * width
    tip = rng.uniform(0.78, 1.05) * length  # how far back the tip lies
    bulge = rng.uniform(1.3, 1.9)  # of the leading edge
    hollow = rng.uniform(0.12, 0.26) * length  # of the trailing edge
    grey = rng.randint(60, 120)
    tint = (rng.randint(-10, 5), rng.randint(-5, 8), rng.randint(5, 25))
    left = (width - length) / 2
    base = height * 0.88
    # One strip of noise, read from a different place for each row: as grainy as noise of the whole picture, far cheaper.
    noise = rng.randbytes(width * 3 * 4)
    rows = []
    for y in range(height):
        start = rng.randrange(len(noise) - width * 3)
        grain = noise[start : start + width * 3]
        belt = 172 + int(14 * math.sin(y / 9)) - int(30 * y / height)
        row = bytearray(belt + (value & 31) for value in grain)
        up = (base - y) / (height * rise)  # 0 at the belt, 1 at the tip
        if 0 <= up <= 1:
            front = left + tip * up**bulge
            back = left + length * (1 - up) + tip * up - hollow * math.sin(math.pi * up**0.8)
            first, last = max(0, int(front)), min(width, int(max(front, back)))
            shade = grey + int(35 * up)
            for x in range(first, last):
                edge = 18 if x - first < 3 or last - x < 3 else 0
                for channel in range(3):
                    value = shade + tint[channel] - edge + (grain[x * 3 + channel] & 15)
                    row[x * 3 + channel] = min(255, max(0, value))
        rows.append(b"\x00" + bytes(row))
    return encode_png(width, height, b"".join(rows))


def encode_png(width: int, height: int, scanlines: bytes) -> bytes:
    """An 8-bit RGB PNG of scanlines that each begin with their filter byte."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(scanlines, 6)) + chunk(b"IEND", b"")
