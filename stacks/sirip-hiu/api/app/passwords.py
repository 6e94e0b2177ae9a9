"""Password hashes: scrypt with its parameters and salt in the text, so that they can grow later."""
import base64
import hashlib
import hmac
import secrets

COST, BLOCK_SIZE, PARALLELISM = 2**14, 8, 1  # 16 MiB and about 50 ms a hash


def _derive(password: str, salt: bytes, cost: int, block_size: int, parallelism: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=cost, r=block_size, p=parallelism, dklen=32, maxmem=64 * 1024 * 1024
    )


def hash_password(password: str) -> str:
    salt = secrets.token_bytes(16)
    derived = _derive(password, salt, COST, BLOCK_SIZE, PARALLELISM)
    parts = (base64.b64encode(part).decode() for part in (salt, derived))
    return "$".join(["scrypt", str(COST), str(BLOCK_SIZE), str(PARALLELISM), *parts])


def verify_password(password: str, hashed: str) -> bool:
    """Whether the password made this hash; False for text that is no hash of ours."""
    try:
        scheme, cost, block_size, parallelism, salt, expected = hashed.split("$")
        if scheme != "scrypt":
            return False
        derived = _derive(password, base64.b64decode(salt), int(cost), int(block_size), int(parallelism))
        return hmac.compare_digest(derived, base64.b64decode(expected))
    except ValueError:
        return False


# Checked when the user doesn't exist, so that the time of the answer doesn't tell who does.
NOBODY = hash_password(secrets.token_hex(16))
