"""Parts of Swift's pipelines: what MinIO does and Swift doesn't."""
import json
import os
import re
import time
from urllib.parse import unquote

from stand_in.admin import PREFIX as ADMIN_PREFIX, Admin
from stand_in.state import Me, credentials, nodes, peers
from stand_in.users import Away, Records


def count_drives() -> tuple[int, int, int]:
    """How many drives are up, and how many reading and writing need: MinIO's default parity for one erasure set."""
    drives = sum(len(paths) for _, paths in nodes)
    up = sum(len(paths) for index, (_, paths) in enumerate(nodes) if peers.is_counted(index))
    parity = drives // 2 if drives < 6 else 3 if drives < 8 else 4
    read = max(1, drives - parity)
    return up, read, read + (1 if parity and read == parity else 0)


METRICS_PATH = '/minio/v2/metrics/cluster'


def render_metrics() -> str:
    """Of MinIO's own metrics those that are about nodes and drives, under its names."""
    counted = [peers.is_counted(index) for index in range(len(nodes))]
    drives, up = sum(len(paths) for _, paths in nodes), count_drives()[0]
    values = {
        'nodes_online_total': sum(counted), 'nodes_offline_total': len(counted) - sum(counted),
        'drive_online_total': up, 'drive_offline_total': drives - up,
    }
    return ''.join(f'# TYPE minio_cluster_{name} gauge\nminio_cluster_{name} {value}\n' for name, value in values.items())


def answer(env, start, status, code='', headers=(), text=''):
    """An S3 error as XML, or an empty answer where there is no code."""
    # an answer to HEAD has no body to say it in
    headers = [*headers, *([('X-Minio-Error-Code', code)] if code else [])]
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{text}</Message></Error>'.encode()
    body = body if code and env['REQUEST_METHOD'] != 'HEAD' else b''
    start(status, [('Content-Type', 'application/xml'), ('Content-Length', str(len(body))), *headers])
    return [body]


class Front:
    """Health paths, CORS, refusal of strangers and below quorum."""

    def __init__(self, app, conf):
        self.app = app
        self.records = Records(app)
        self.admin = Admin(self.records)

    def __call__(self, env, start):
        if env['PATH_INFO'].startswith(ADMIN_PREFIX):
            return self.admin(env, start, read_access_key(env))
        if env['PATH_INFO'].startswith('/minio/'):
            return self.answer_health(env, start)
        origin = env.pop('HTTP_ORIGIN', None)
        if origin and env['REQUEST_METHOD'] == 'OPTIONS':
            return self.answer_preflight(env, start, origin)
        if origin:
            start = add_headers(start, cors_headers(origin))
        access_key = read_access_key(env)
        if access_key is None:
            return answer(env, start, '403 Forbidden', 'AccessDenied', text='Access Denied.')
        try:
            user = access_key == credentials[0] or self.records.read(f'user/{access_key}')
            allowed = user is True or user and self.records.allows(
                user, env['REQUEST_METHOD'], env['PATH_INFO'], env.get('QUERY_STRING', ''))
        except Away:
            return answer(env, start, '503 Service Unavailable', 'SlowDown', [('Retry-After', '2')])
        if not user:
            return answer(env, start, '403 Forbidden', 'InvalidAccessKeyId',
                          text='The Access Key Id you provided does not exist in our records.')
        env['stand_in.allowed'] = allowed
        up, read_quorum, write_quorum = count_drives()
        if up < (read_quorum if env['REQUEST_METHOD'] in ('GET', 'HEAD') else write_quorum):
            return answer(env, start, '503 Service Unavailable', 'SlowDown', [('Retry-After', '2')],
                          f'quorum lost: {up} drives online')
        return self.app(env, tell_why(env, start))

    @staticmethod
    def answer_health(env, start):
        path, query = env['PATH_INFO'], env.get('QUERY_STRING', '')
        if path == METRICS_PATH and os.environ.get('MINIO_PROMETHEUS_AUTH_TYPE') == 'public':
            body = render_metrics().encode()
            start('200 OK', [('Content-Type', 'text/plain; version=0.0.4'), ('Content-Length', str(len(body)))])
            return [body]
        up, read_quorum, write_quorum = count_drives()
        healthy = {'/minio/health/live': True, '/minio/health/ready': True,
                   '/minio/health/cluster': up >= write_quorum,
                   '/minio/health/cluster/read': up >= read_quorum}.get(path)
        status = '403 Forbidden' if healthy is None else '200 OK' if healthy else '503 Service Unavailable'
        own_drives = len(nodes[Me.index][1])
        if healthy and path == '/minio/health/cluster' and 'maintenance=true' in query and up - own_drives < write_quorum:
            status = '412 Precondition Failed'
        return answer(env, start, status, headers=[('X-Minio-Write-Quorum', str(write_quorum)),
                                                   ('X-Stand-In-Drives-Online', str(up))])

    @staticmethod
    def answer_preflight(env, start, origin):
        return answer(env, start, '204 No Content', headers=cors_headers(origin) + [
            ('Access-Control-Allow-Methods', 'GET, HEAD, PUT, POST, DELETE, OPTIONS, PATCH'),
            ('Access-Control-Allow-Headers', env.get('HTTP_ACCESS_CONTROL_REQUEST_HEADERS', '*'))])


def tell_why(env, start):
    """Says of a refused HEAD why, as MinIO does."""
    def begin(status, headers, exc_info=None):
        why = env.get('stand_in.refused')
        return start(status, list(headers) + [('X-Minio-Error-Code', why)] * bool(why and status.startswith('403')), exc_info)

    return begin


def cors_headers(origin):
    return [('Access-Control-Allow-Origin', origin), ('Access-Control-Allow-Credentials', 'true'),
            ('Access-Control-Expose-Headers', 'ETag, Content-Length, Content-Range, x-amz-request-id, x-amz-version-id'),
            ('Vary', 'Origin')]


def add_headers(start, more):
    return lambda status, headers, exc_info=None: start(status, list(headers) + more, exc_info)


def read_access_key(env) -> str | None:
    """Who signed the request, in its header or, presigned, in its query."""
    match = (re.search(r'(?:Credential=|AWS )([^/:]+)', env.get('HTTP_AUTHORIZATION', '')) or
             re.search(r'(?:X-Amz-Credential|AWSAccessKeyId)=([^&]+?)(?:%2F|/|&|$)', env.get('QUERY_STRING', '')))
    return unquote(match[1]) if match else None


class Cache:
    """What Swift keeps in memcached (facts of accounts and containers), in this process."""

    def __init__(self, app, conf):
        self.app, self.entries = app, {}

    def __call__(self, env, start):
        env['swift.cache'] = self
        return self.app(env, start)

    def get(self, key, raise_on_error=False):
        value, until = self.entries.get(key, ('', 0))
        return json.loads(value) if until > time.time() else None

    def set(self, key, value, time=0, **options):
        if len(self.entries) > 4096:
            self.entries.clear()
        self.entries[key] = json.dumps(value), now() + time

    def delete(self, key, **options):
        self.entries.pop(key, None)


# set() above has a parameter `time`, as Swift calls it
now = time.time


class Who:
    """Tells a prober which node answers here: addresses get reused."""

    def __init__(self, app, conf):
        self.app = app

    def __call__(self, env, start):
        if env['PATH_INFO'] != '/stand-in/who':
            return self.app(env, start)
        body = nodes[Me.index][0].encode()
        start('200 OK', [('Content-Length', str(len(body)))])
        return [body]


def make_factory(part):
    return lambda conf, **local: lambda app: part(app, local)


front, who, cache = make_factory(Front), make_factory(Who), make_factory(Cache)


def auth(conf, **local):
    from swift.common.middleware.tempauth import TempAuth

    class Users(TempAuth):
        """Root, and the users that it has made. TempAuth's own way wants memcached, and access keys with a colon in them."""

        def get_groups(self, env, token):
            details = env.get('s3api.auth_details')
            if not details:
                return None
            access_key = details['access_key']
            secret = credentials[1] if access_key == credentials[0] else (
                (Records(self.app).read(f'user/{access_key}') or {}).get('secret'))
            if secret is None or not details['check_signature'](secret):
                env['stand_in.refused'] = 'SignatureDoesNotMatch'
                return None
            env['PATH_INFO'] = env['PATH_INFO'].replace('/v1/' + access_key, '/v1/AUTH_minio', 1)
            if not env.get('stand_in.allowed'):
                env['stand_in.refused'] = 'AccessDenied'
                return 'nobody'
            return 'minio,minio:root,AUTH_minio'

    return lambda app: Users(app, dict(conf, reseller_prefix='AUTH'))


def log_handler(conf, name, log_to_console, log_route, fmt, logger, adapted):
    """Swift logs to syslog; a container logs to standard error."""
    import logging
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter('%(server)s: %(levelname)s %(message)s'))
    logger.addHandler(handler)
