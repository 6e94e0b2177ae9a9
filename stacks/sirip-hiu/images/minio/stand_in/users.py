"""Users beside root, and their policies: kept in the store itself, so that all nodes know them and none forgets."""
import fnmatch
import json
import time
from urllib.parse import quote

CONTAINER = '/v1/AUTH_iam/store'
REMEMBERED_SECONDS = 2

POLICIES = {
    'readwrite': {'Statement': [{'Effect': 'Allow', 'Action': ['s3:*'], 'Resource': ['arn:aws:s3:::*']}]},
    'readonly': {'Statement': [{'Effect': 'Allow', 'Action': ['s3:GetBucketLocation', 's3:GetObject'], 'Resource': ['arn:aws:s3:::*']}]},
    'writeonly': {'Statement': [{'Effect': 'Allow', 'Action': ['s3:PutObject'], 'Resource': ['arn:aws:s3:::*']}]},
}
# what was read, by all parts of this process: name → (document, until)
remembered: dict = {}


class Away(Exception):
    """The store can't be asked at the moment."""


class Records:
    """JSON documents, `user/NAME` and `policy/NAME`, behind Swift's own proxy."""

    def __init__(self, app):
        self.app = app

    def _ask(self, method, path, body=None, headers=None):
        from swift.common.swob import Request
        request = Request.blank(quote(path), environ={'REQUEST_METHOD': method, 'swift.authorize_override': True},
                                headers=headers or {}, body=body)
        response = request.get_response(self.app)
        return response.status_int, response.body

    def read(self, name):
        document, until = remembered.get(name, (None, 0))
        if time.time() < until:
            return document
        # all copies are asked: a node that was away may have missed the last write
        status, body = self._ask('GET', f'{CONTAINER}/{name}', headers={'X-Newest': 'true'})
        if status == 404:
            remembered.pop(name, None)
            return None
        if status != 200:
            if document is not None:
                return document  # better what was known a moment ago than nobody let in
            raise Away
        document = json.loads(body)
        remembered[name] = document, time.time() + REMEMBERED_SECONDS
        return document

    def write(self, name, document):
        body = json.dumps(document).encode()
        status, _ = self._ask('PUT', f'{CONTAINER}/{name}', body)
        if status == 404:
            self._ask('PUT', CONTAINER)
            status, _ = self._ask('PUT', f'{CONTAINER}/{name}', body)
        remembered.pop(name, None)
        if status // 100 != 2:
            raise Away

    def remove(self, name):
        status, _ = self._ask('DELETE', f'{CONTAINER}/{name}')
        remembered.pop(name, None)
        if status // 100 != 2 and status != 404:
            raise Away

    def names(self, kind):
        status, body = self._ask('GET', CONTAINER)
        if status not in (200, 204, 404):
            raise Away
        prefix = f'{kind}/'
        return [line[len(prefix):] for line in body.decode().splitlines() if status == 200 and line.startswith(prefix)]

    def read_policy(self, name):
        return POLICIES.get(name) or self.read(f'policy/{name}')

    def allows(self, user, method, path, query) -> bool:
        action, resource = name_action(method, path, query)
        statements = [statement for name in user.get('policies', [])
                      for statement in listed((self.read_policy(name) or {}).get('Statement', []))]
        matching = [statement['Effect'] for statement in statements
                    if matches(statement.get('Action', []), action) and matches(statement.get('Resource', []), resource)]
        return 'Deny' not in matching and 'Allow' in matching


def listed(value):
    return value if isinstance(value, list) else [value]


def matches(patterns, text) -> bool:
    return any(fnmatch.fnmatchcase(text, pattern.replace('[', '[[]')) for pattern in listed(patterns))


def name_action(method, path, query):
    """What S3 calls a request, and what it is about."""
    bucket, _, key = path.lstrip('/').partition('/')
    resource = f'arn:aws:s3:::{bucket}' + (f'/{key}' if key else '')
    if key:
        return {'GET': 's3:GetObject', 'HEAD': 's3:GetObject', 'DELETE': 's3:DeleteObject'}.get(method, 's3:PutObject'), resource
    if not bucket:
        return 's3:ListAllMyBuckets', 'arn:aws:s3:::*'
    if method == 'GET' and 'location' in query.split('&')[0]:
        return 's3:GetBucketLocation', resource
    return {'PUT': 's3:CreateBucket', 'DELETE': 's3:DeleteBucket', 'POST': 's3:DeleteObject'}.get(method, 's3:ListBucket'), resource
