"""POST /login: a token for a name and a password, for people and for the conveyor's clients alike."""
import logging

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from app.parts import CurrentParts
from app.users import check_login

log = logging.getLogger("app.login")
router = APIRouter()


class Credentials(BaseModel):
    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024)


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"
    # seconds
    expires_in: int


@router.post("/login")
def log_in(credentials: Credentials, parts: CurrentParts) -> Token:
    if not check_login(parts.database, credentials.username, credentials.password):
        log.warning("login refused", extra={"user": credentials.username})
        raise HTTPException(401, "wrong user name or password", {"WWW-Authenticate": "Bearer"})
    token = parts.tokens.issue(credentials.username)
    return Token(access_token=token, expires_in=parts.tokens.lifetime_seconds)
