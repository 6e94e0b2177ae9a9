"""Session cookies that outlive a change of the key: signed with the first key, accepted under any of them."""
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer


class RotatingSessions(SecureCookieSessionInterface):
    """Flask's own cookies with several keys. (SECRET_KEY_FALLBACKS came with 3.1.0, which signed with the stale key.)"""

    def __init__(self, keys: tuple[str, ...]):
        self.keys = keys

    def get_signing_serializer(self, app):
        # itsdangerous signs with the last of its keys
        return URLSafeTimedSerializer(
            list(reversed(self.keys)),
            salt=self.salt,
            serializer=self.serializer,
            signer_kwargs={"key_derivation": self.key_derivation, "digest_method": self.digest_method},
        )
