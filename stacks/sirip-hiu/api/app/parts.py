"""What a request handler works with."""
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.database import Database
from app.health import Health
from app.object_store import ObjectStore
from app.settings import Settings
from app.tokens import InvalidToken, Tokens


@dataclass
class Parts:
    settings: Settings
    database: Database
    object_store: ObjectStore
    tokens: Tokens
    health: Health


def get_parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    if not parts.health.ready:
        raise HTTPException(503, "the service is starting", {"Retry-After": "2"})
    return parts


bearer = HTTPBearer(auto_error=False)


def get_current_user(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> str:
    """The name of the user whose token came with the request; 401 without a valid one."""
    refusal = HTTPException(401, "log in first: send a valid bearer token", {"WWW-Authenticate": "Bearer"})
    if credentials is None:
        raise refusal
    try:
        return request.app.state.parts.tokens.read_user(credentials.credentials)
    except InvalidToken:
        raise refusal from None


CurrentParts = Annotated[Parts, Depends(get_parts)]
CurrentUser = Annotated[str, Depends(get_current_user)]
