"""Bearer tokens: JWTs signed with the first key, accepted under any of them."""
import hashlib
import hmac
import time

import jwt


class InvalidToken(Exception):
    """The token is forged, malformed or has expired."""


def name_key(key: str) -> str:
    """What the header of a token calls its key (`kid`): tells keys apart, and nothing about them."""
    return hmac.new(key.encode(), b"kid", hashlib.sha256).hexdigest()[:16]


class Tokens:
    def __init__(self, keys: tuple[str, ...], algorithm: str, lifetime_seconds: int):
        self.keys, self.algorithm, self.lifetime_seconds = keys, algorithm, lifetime_seconds

    def issue(self, username: str, now: float | None = None) -> str:
        issued = int(time.time() if now is None else now)
        claims = {"sub": username, "iat": issued, "exp": issued + self.lifetime_seconds}
        return jwt.encode(claims, self.keys[0], algorithm=self.algorithm, headers={"kid": name_key(self.keys[0])})

    def choose_keys(self, token: str) -> tuple[str, ...]:
        """The key that the token names; all of them for a token that names none (older ones didn't)."""
        try:
            named = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError as error:
            raise InvalidToken(str(error)) from None
        return self.keys if named is None else tuple(key for key in self.keys if name_key(key) == named)

    def read_user(self, token: str) -> str:
        """The user a token was issued to."""
        for key in self.choose_keys(token):
            try:
                claims = jwt.decode(
                    token, key, algorithms=[self.algorithm], options={"require": ["sub", "exp"]}, leeway=5
                )
                return claims["sub"]
            except jwt.InvalidSignatureError:
                continue
            except jwt.PyJWTError as error:
                raise InvalidToken(str(error)) from None
        raise InvalidToken("signature")
