"""Reads the Engine API through its socket. GET alone: nothing here can change anything."""
import http.client
import json
import socket

SOCKET = "/run/docker.sock"
TIMEOUT_SECONDS = 5


class SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: str):
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_SECONDS)
        self.sock.connect(self.path)


class EngineError(Exception):
    pass


def read_engine(paths: list[str], socket_path: str = SOCKET) -> list:
    """The answers to GET of each path, over one connection. Raises EngineError in the engine's words."""
    connection = SocketConnection(socket_path)
    try:
        return [_read(connection, path) for path in paths]
    except (OSError, http.client.HTTPException) as error:
        raise EngineError(f"the engine does not answer: {error}") from error
    finally:
        connection.close()


def _read(connection: SocketConnection, path: str):
    # without a version: the newest that the engine has, for what is read here has stayed the same since 20.10
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise EngineError(f"the engine answers {path} with {answer.status}: {body[:200].decode(errors='replace')}")
    return json.loads(body)
