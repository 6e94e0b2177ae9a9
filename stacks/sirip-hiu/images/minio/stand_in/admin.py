"""The little of MinIO's administration that users and their policies need, as its own client `mc` asks for it."""
import hashlib
import hmac
import json
from urllib.parse import parse_qsl, quote

from stand_in.envelope import open_sealed, seal
from stand_in.state import credentials
from stand_in.users import Away

PREFIX = '/minio/admin/v3/'


class Refused(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


def derive_key(secret, date, region, service):
    key = b'AWS4' + secret.encode()
    for part in (date, region, service, 'aws4_request'):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def is_signed_by(env, secret) -> bool:
    """Whether a request carries a signature (version 4, in its header) that was made with this secret key."""
    parts = dict(part.strip().partition('=')[::2] for part in env.get('HTTP_AUTHORIZATION', '').partition(' ')[2].split(','))
    try:
        _, date, region, service, _ = parts['Credential'].rsplit('/', 4)
        names = parts['SignedHeaders'].split(';')
        given = parts['Signature']
    except (KeyError, ValueError):
        return False
    special = {'content-type': 'CONTENT_TYPE', 'content-length': 'CONTENT_LENGTH'}
    values = [env.get(special.get(name, 'HTTP_' + name.upper().replace('-', '_')), '').strip() for name in names]
    query = '&'.join(sorted(f'{quote(name, safe="-_.~")}={quote(value, safe="-_.~")}'
                            for name, value in parse_qsl(env.get('QUERY_STRING', ''), keep_blank_values=True)))
    canonical = '\n'.join([
        env['REQUEST_METHOD'], quote(env['PATH_INFO'], safe='/-_.~'), query,
        *(f'{name}:{value}' for name, value in zip(names, values)), '', ';'.join(names),
        env.get('HTTP_X_AMZ_CONTENT_SHA256', '')])
    text = '\n'.join(['AWS4-HMAC-SHA256', env.get('HTTP_X_AMZ_DATE', ''), f'{date}/{region}/{service}/aws4_request',
                      hashlib.sha256(canonical.encode()).hexdigest()])
    expected = hmac.new(derive_key(secret, date, region, service), text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, given)


class Admin:
    def __init__(self, records):
        self.records = records

    def __call__(self, env, start, access_key):
        try:
            body = self.answer(env, access_key)
            status = '200 OK'
        except Refused as refusal:
            status = refusal.status
            body = json.dumps({'Code': refusal.code, 'Message': str(refusal), 'Resource': env['PATH_INFO']}).encode()
        except Away:
            status, body = '503 Service Unavailable', b'{"Code":"XMinioServerNotInitialized","Message":"try again"}'
        start(status, [('Content-Type', 'application/json'), ('Content-Length', str(len(body)))])
        return [body]

    def answer(self, env, access_key) -> bytes:
        if access_key is None:
            raise Refused('403 Forbidden', 'AccessDenied', 'Access Denied.')
        if access_key != credentials[0]:
            if not self.records.read(f'user/{access_key}'):
                raise Refused('403 Forbidden', 'InvalidAccessKeyId', 'The Access Key Id you provided does not exist in our records.')
            raise Refused('403 Forbidden', 'AccessDenied', 'Access Denied.')
        if not is_signed_by(env, credentials[1]):
            raise Refused('403 Forbidden', 'SignatureDoesNotMatch', 'The request signature we calculated does not match.')
        query = dict(parse_qsl(env.get('QUERY_STRING', '')))
        body = env['wsgi.input'].read(int(env.get('CONTENT_LENGTH') or 0))
        work = {'add-user': self.add_user, 'user-info': self.tell_user, 'remove-user': self.remove_user,
                'list-users': self.list_users, 'add-canned-policy': self.add_policy,
                'idp/builtin/policy/attach': self.attach, 'idp/builtin/policy/detach': self.detach,
                }.get(env['PATH_INFO'][len(PREFIX):])
        if not work:
            raise Refused('501 Not Implemented', 'NotImplemented', 'The stand-in knows users and policies only.')
        return work(query, body)

    def require(self, name):
        user = self.records.read(f'user/{name}')
        if not user:
            raise Refused('404 Not Found', 'XMinioAdminNoSuchUser', 'The specified user does not exist.')
        return user

    @staticmethod
    def read_sealed(body):
        try:
            return json.loads(open_sealed(credentials[1], body))
        except ValueError:
            raise Refused('400 Bad Request', 'XMinioAdminConfigBadJSON', 'The body can not be opened.') from None

    def add_user(self, query, body):
        name, secret = query.get('accessKey', ''), self.read_sealed(body).get('secretKey', '')
        if not 3 <= len(name) <= 20 or name == credentials[0]:
            raise Refused('400 Bad Request', 'XMinioAdminInvalidAccessKey', 'The access key is invalid.')
        if not 8 <= len(secret) <= 40:
            raise Refused('400 Bad Request', 'XMinioAdminInvalidSecretKey', 'The secret key is invalid.')
        before = self.records.read(f'user/{name}') or {}
        self.records.write(f'user/{name}', {'secret': secret, 'policies': before.get('policies', [])})
        return b''

    def tell_user(self, query, body):
        user = self.require(query.get('accessKey', ''))
        return json.dumps({'policyName': ','.join(user['policies']), 'status': 'enabled'}).encode()

    def remove_user(self, query, body):
        self.require(query.get('accessKey', ''))
        self.records.remove(f'user/{query["accessKey"]}')
        return b''

    def list_users(self, query, body):
        users = {name: self.records.read(f'user/{name}') for name in self.records.names('user')}
        shown = {name: {'policyName': ','.join(user['policies']), 'status': 'enabled'} for name, user in users.items() if user}
        return seal(credentials[1], json.dumps(shown).encode())

    def add_policy(self, query, body):
        try:
            document = json.loads(body)
        except ValueError:
            raise Refused('400 Bad Request', 'MalformedPolicy', 'The policy is no JSON.') from None
        self.records.write(f'policy/{query.get("name", "")}', document)
        return b''

    def attach(self, query, body):
        return self.change_policies(body, lambda present, named: present + [one for one in named if one not in present])

    def detach(self, query, body):
        return self.change_policies(body, lambda present, named: [one for one in present if one not in named])

    def change_policies(self, body, change):
        asked = self.read_sealed(body)
        name, named = asked.get('user', ''), asked.get('policies', [])
        user = self.require(name)
        if any(not self.records.read_policy(one) for one in named):
            raise Refused('404 Not Found', 'XMinioAdminNoSuchPolicy', 'The canned policy does not exist.')
        policies = change(user['policies'], named)
        if policies == user['policies']:
            raise Refused('400 Bad Request', 'XMinioAdminPolicyChangeAlreadyApplied', 'The specified policy change is already in effect.')
        self.records.write(f'user/{name}', {**user, 'policies': policies})
        return seal(credentials[1], json.dumps({'policiesAttached': named}).encode())
