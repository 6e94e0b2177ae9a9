"""MinIO's command line and environment."""
import itertools
import os
import re
import socket

from stand_in.state import die


def read_setting(name: str, default: str) -> str:
    """NAME, or the content of the file that NAME_FILE names; a relative one is a secret, as MinIO has it."""
    path = os.environ.get(name + '_FILE')
    if not path:
        return os.environ.get(name, default)
    try:
        with open(os.path.join('/run/secrets', path)) as file:
            return file.read().rstrip('\r\n')
    except OSError as error:
        die(f'{name}_FILE: {error}')


def expand(pattern: str) -> list[str]:
    """`http://minio{1...4}/data{1...2}` as eight addresses; leading zeros are kept."""
    parts = re.split(r'\{(\w+)\.\.\.(\w+)\}', pattern)
    choices = [[parts[0]]]
    for first, last, text in zip(parts[1::3], parts[2::3], parts[3::3]):
        choices.append([str(number).zfill(len(first)) for number in range(int(first), int(last) + 1)])
        choices.append([text])
    return [''.join(choice) for choice in itertools.product(*choices)]


def parse(arguments: list[str]) -> tuple[int, int | None, list[tuple[str, list[str]]]]:
    """The S3 port, the console's port if any, and each host with the paths of its drives."""
    arguments, port, console, drives = list(arguments), 9000, None, []
    if arguments[:1] == ['minio']:
        arguments.pop(0)
    if not arguments or arguments.pop(0) != 'server':
        die('usage: server [--address :9000] [--console-address :9001] http://host{1...4}/data{1...2}')
    while arguments:
        argument = arguments.pop(0)
        if not argument.startswith('-'):
            drives += expand(argument)
            continue
        option, _, value = argument.lstrip('-').partition('=')
        if option in ('address', 'console-address', 'certs-dir', 'S'):
            value = value or (arguments.pop(0) if arguments else '')
        if option == 'address':
            port = int(value.rsplit(':', 1)[1])
        elif option == 'console-address':
            console = int(value.rsplit(':', 1)[1])
    nodes: dict[str, list[str]] = {}
    for drive in drives or os.environ.get('MINIO_VOLUMES', '').split():
        match = re.match(r'https?://([^/:]+)(?::\d+)?(/.+)$', drive)
        host, path = match.groups() if match else (socket.gethostname(), drive)
        nodes.setdefault(host, []).append(path.rstrip('/'))
    if not nodes:
        die('no drives in the command line')
    return port, console, list(nodes.items())
