"""How MinIO's client and server hide what an administrator says from who carries it: encrypted under root's secret key."""
import os
import struct

AES_GCM, CHACHA = 0, 1
FRAGMENT = 1 << 14
TAG = 16


def make_cipher(password: str, salt: bytes, kind: int):
    """Source: madmin-go, EncryptData: Argon2id, one pass, 64 MiB, four lanes; then a stream of sealed fragments."""
    from argon2.low_level import Type, hash_secret_raw
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
    key = hash_secret_raw(password.encode(), salt, time_cost=1, memory_cost=64 * 1024, parallelism=4, hash_len=32, type=Type.ID)
    return {AES_GCM: AESGCM, CHACHA: ChaCha20Poly1305}[kind](key)


def walk_fragments(cipher, nonce: bytes, data: bytes, size: int, work) -> bytes:
    """The first nonce binds the stream together; the last fragment says that it is the last."""
    def count(number):
        return nonce + struct.pack('<I', number)

    bound = cipher.encrypt(count(0), b'', b'')
    pieces = [data[start:start + size] for start in range(0, len(data), size)] or [b'']
    return b''.join(
        work(count(number), piece, (b'\x80' if number == len(pieces) else b'\x00') + bound)
        for number, piece in enumerate(pieces, 1))


def seal(password: str, data: bytes) -> bytes:
    salt, nonce = os.urandom(32), os.urandom(8)
    cipher = make_cipher(password, salt, AES_GCM)
    return salt + bytes([AES_GCM]) + nonce + walk_fragments(cipher, nonce, data, FRAGMENT, cipher.encrypt)


def open_sealed(password: str, data: bytes) -> bytes:
    """Raises ValueError for what was not sealed with this password."""
    salt, kind, nonce, sealed = data[:32], data[32:33], data[33:41], data[41:]
    if len(sealed) < TAG or kind[0] not in (AES_GCM, CHACHA):
        raise ValueError('not sealed')
    from cryptography.exceptions import InvalidTag
    cipher = make_cipher(password, salt, kind[0])
    try:
        return walk_fragments(cipher, nonce, sealed, FRAGMENT + TAG, cipher.decrypt)
    except InvalidTag:
        raise ValueError('sealed with another password') from None
