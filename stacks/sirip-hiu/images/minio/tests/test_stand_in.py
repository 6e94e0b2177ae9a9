"""Run with `python3 -m unittest` from the folder above, in the image: python3-swift and python3-cryptography are needed."""
import contextlib
import io
import unittest
import unittest.mock

from stand_in import envelope, filters, state, users
from stand_in.command_line import expand, parse


def ask(path='/', method='GET', query='', **headers):
    """Status of one request to the front, behind which everything answers 200."""
    seen = []

    def behind(env, start):
        # nobody is known but root
        start('404 Not Found' if env['PATH_INFO'].startswith('/v1/AUTH_iam/') else '200 OK', [])
        return [b'']

    env = {'PATH_INFO': path, 'REQUEST_METHOD': method, 'QUERY_STRING': query, **headers}
    filters.Front(behind, {})(env, lambda status, headers, exc_info=None: seen.append(int(status.split()[0])))
    return seen[0]


SIGNED = {'HTTP_AUTHORIZATION': 'AWS4-HMAC-SHA256 Credential=minioadmin/20261121/us-east-1/s3/aws4_request, Signature=x'}


class CommandLine(unittest.TestCase):
    def test_expands_ranges_as_minio_does(self):
        self.assertEqual(expand('http://minio{1...2}/data{1...2}'), [
            'http://minio1/data1', 'http://minio1/data2', 'http://minio2/data1', 'http://minio2/data2'])
        self.assertEqual(expand('/d{09...11}'), ['/d09', '/d10', '/d11'])
        self.assertEqual(expand('/data'), ['/data'])

    def test_reads_the_stacks_command(self):
        port, console, nodes = parse(['server', '--console-address', ':9003', 'http://minio{1...4}/data{1...2}'])
        self.assertEqual((port, console), (9000, 9003))
        self.assertEqual(nodes, [(f'minio{n}', ['/data1', '/data2']) for n in (1, 2, 3, 4)])
        self.assertEqual(parse(['minio', 'server', '--address=:9100', 'http://a:9000/d'])[::2], (9100, [('a', ['/d'])]))

    def test_refuses_what_is_no_server(self):
        for arguments in ([], ['gateway'], ['server']):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                parse(arguments)


class Front(unittest.TestCase):
    def setUp(self):
        state.nodes[:] = [(f'minio{n}', ['/data1', '/data2']) for n in (1, 2, 3, 4)]
        self.bring_up(4)

    def bring_up(self, count):
        for index in range(4):
            state.peers.set_counted(index, index < count)

    def test_eight_drives_read_with_four_and_write_with_five(self):
        self.assertEqual(filters.count_drives(), (8, 4, 5))
        statuses = []
        for up in (4, 3, 2, 1):
            self.bring_up(up)
            statuses.append((ask(method='GET', **SIGNED), ask(method='PUT', **SIGNED), ask('/minio/health/cluster')))
        self.assertEqual(statuses, [(200, 200, 200), (200, 200, 200), (200, 503, 503), (503, 503, 503)])

    def test_a_node_is_live_whatever_its_peers_are(self):
        self.bring_up(1)
        self.assertEqual((ask('/minio/health/live'), ask('/minio/health/nothing')), (200, 403))

    def test_maintenance_of_a_node_is_refused_when_the_rest_could_not_write(self):
        self.assertEqual(ask('/minio/health/cluster', query='maintenance=true'), 200)
        self.bring_up(3)
        self.assertEqual(ask('/minio/health/cluster', query='maintenance=true'), 412)

    def test_metrics_are_told_where_they_are_public(self):
        self.assertEqual(ask(filters.METRICS_PATH), 403)
        with unittest.mock.patch.dict(filters.os.environ, MINIO_PROMETHEUS_AUTH_TYPE='public'):
            self.assertEqual(ask(filters.METRICS_PATH), 200)
        self.bring_up(3)
        self.assertEqual([line for line in filters.render_metrics().splitlines() if not line.startswith('#')], [
            'minio_cluster_nodes_online_total 3', 'minio_cluster_nodes_offline_total 1',
            'minio_cluster_drive_online_total 6', 'minio_cluster_drive_offline_total 2'])

    def test_strangers_are_refused(self):
        self.assertEqual(ask(), 403)
        self.assertEqual(ask(HTTP_AUTHORIZATION=SIGNED['HTTP_AUTHORIZATION'].replace('minioadmin', 'other')), 403)
        self.assertEqual(ask(query='X-Amz-Credential=minioadmin%2F20261121%2Fus-east-1%2Fs3%2Faws4_request'), 200)


class Users(unittest.TestCase):
    def setUp(self):
        users.remembered.clear()
        self.records = users.Records(None)
        self.stored = {}
        self.records.read = self.stored.get

    def test_may_do_what_their_policies_say(self):
        self.stored['policy/app'] = {'Statement': [
            {'Effect': 'Allow', 'Action': ['s3:GetObject', 's3:PutObject'], 'Resource': ['arn:aws:s3:::fins/*']},
            {'Effect': 'Allow', 'Action': 's3:ListBucket', 'Resource': 'arn:aws:s3:::fins'}]}
        app = {'policies': ['app']}
        asked = [('GET', '/fins/a/b.png'), ('HEAD', '/fins/a'), ('PUT', '/fins/a'), ('HEAD', '/fins'), ('DELETE', '/fins/a'),
                 ('GET', '/other/a'), ('PUT', '/fins'), ('GET', '/')]
        self.assertEqual([self.records.allows(app, method, path, '') for method, path in asked],
                         [True, True, True, True, False, False, False, False])

    def test_without_a_policy_may_do_nothing(self):
        self.assertFalse(self.records.allows({'policies': []}, 'GET', '/fins/a', ''))
        self.assertTrue(self.records.allows({'policies': ['readwrite']}, 'DELETE', '/fins/a', ''))

    def test_a_denial_outweighs_what_is_allowed(self):
        self.stored['policy/no'] = {'Statement': [{'Effect': 'Deny', 'Action': ['s3:*'], 'Resource': ['arn:aws:s3:::fins/*']}]}
        self.assertFalse(self.records.allows({'policies': ['readwrite', 'no']}, 'GET', '/fins/a', ''))


class Envelope(unittest.TestCase):
    def test_opens_what_was_sealed_whatever_its_size(self):
        for size in (0, 1, envelope.FRAGMENT, envelope.FRAGMENT + 1):
            data = bytes(size)
            self.assertEqual(envelope.open_sealed('password', envelope.seal('password', data)), data)

    def test_opens_nothing_with_another_password_and_nothing_that_was_changed(self):
        sealed = envelope.seal('password', b'{}')
        self.assertRaises(ValueError, envelope.open_sealed, 'passwore', sealed)
        self.assertRaises(ValueError, envelope.open_sealed, 'password', sealed[:-1] + bytes([sealed[-1] ^ 1]))
        self.assertRaises(ValueError, envelope.open_sealed, 'password', b'')


class PeerTable(unittest.TestCase):
    def test_what_is_noted_of_one_node_changes_nothing_of_another(self):
        table = state.PeerTable()
        for index in (0, 127):
            table.set_up(index, True)
            table.set_settling(index, True)
            table.set_counted(index, True)
            table.set_address(index, bytes([10, 0, 0, index]))
        for index in (1, 64, 126):
            facts = (table.is_up(index), table.is_settling(index), table.is_counted(index), table.get_address(index))
            self.assertEqual(facts, (False, False, False, bytes(4)))
        self.assertEqual(table.get_address(127), bytes([10, 0, 0, 127]))


if __name__ == '__main__':
    unittest.main()
