"""Bearer tokens: JWTs signed with the first key, accepted under any of them."""
import time

import jwt


class InvalidToken(Exception):
    """The token is forged, malformed or has expired."""


class Tokens:
    def __init__(self, keys: tuple[str, ...], algorithm: str, lifetime_seconds: int):
        self.keys, self.algorithm, self.lifetime_seconds = keys, algorithm, lifetime_seconds

    def issue(self, username: str, now: float | None = None) -> str:
        issued = int(time.time() if now is None else now)
        claims = {"sub": username, "iat": issued, "exp": issued + self.lifetime_seconds}
        return jwt.encode(claims, self.keys[0], algorithm=self.algorithm)

    def read_user(self, token: str) -> str:
        """The user a token was issued to."""
        for key in self.keys:
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
