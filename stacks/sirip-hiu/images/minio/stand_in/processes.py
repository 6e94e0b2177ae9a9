"""What the supervisor runs: the servers, rsync, and passes of replication."""
import os
import signal

from stand_in.state import ETC, PORTS, peers

CONSOLE = b'<h1>MinIO stand-in</h1>No console here: this is OpenStack Swift behind the S3 API (port 9000).\n'


def start_child(work, *arguments) -> int:
    """Runs `work` in a process of its own; returns its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        work(*arguments)
    except SystemExit as error:
        os._exit(error.code or 0)
    except BaseException:
        import traceback
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def load_modules() -> None:
    """Loaded before the first fork, so that the children share the memory."""
    import gc
    import swift.account.replicator, swift.account.server, swift.container.server  # noqa: E401, F401
    import swift.common.middleware.s3api.s3api, swift.common.middleware.slo  # noqa: E401, F401
    import swift.common.middleware.tempauth, swift.obj.replicator, swift.obj.server  # noqa: E401, F401
    import swift.obj.updater, swift.proxy.server  # noqa: E401, F401
    gc.collect()
    gc.freeze()


def prefer_settled_nodes() -> None:
    """A lost node is not asked at all; one just back is asked last: it may have missed writes."""
    from swift.proxy.server import Application
    sort_nodes, error_limited = Application.sort_nodes, Application.error_limited
    Application.error_limited = lambda self, node: not peers.is_up(node['zone'] - 1) or error_limited(self, node)
    Application.sort_nodes = lambda *args, **options: sorted(
        sort_nodes(*args, **options), key=lambda node: peers.is_settling(node['zone'] - 1))


def serve(servers: list[tuple[str, int]], console: int | None = None) -> None:
    """Serves each (kind, port), all in this process."""
    import eventlet
    import eventlet.wsgi
    from swift.common import utils, wsgi
    from swift.common.http_protocol import SwiftHttpProtocol
    utils.validate_configuration()  # loads the hash suffix; without it objects land elsewhere
    utils.monkey_patch()
    eventlet.hubs.use_hub(utils.get_hub())
    eventlet.debug.hub_exceptions(False)
    prefer_settled_nodes()
    quiet, threads = utils.NullLogger(), []
    for kind, port in servers:
        listener = eventlet.listen(('0.0.0.0', port), backlog=1024)
        app = wsgi.loadapp(f'{ETC}/{kind}-server.conf', global_conf={'log_name': f'{kind}-server'})
        threads.append(eventlet.spawn(
            eventlet.wsgi.server, listener, app, quiet, protocol=SwiftHttpProtocol,
            custom_pool=wsgi.RestrictedGreenPool(size=1024), socket_timeout=60, keepalive=True,
            capitalize_response_headers=False))
    if console:
        threads.append(eventlet.spawn(eventlet.wsgi.server, eventlet.listen(('0.0.0.0', console)), show_console, quiet))
    for thread in threads:
        thread.wait()


def show_console(env, start):
    start('200 OK', [('Content-Type', 'text/html'), ('Content-Length', str(len(CONSOLE)))])
    return [CONSOLE]


def replicate() -> None:
    """One pass of everything that moves data to where it belongs."""
    import eventlet
    from swift.account.replicator import AccountReplicator
    from swift.common import utils
    from swift.container.replicator import ContainerReplicator
    from swift.container.updater import ContainerUpdater
    from swift.obj.replicator import ObjectReplicator
    from swift.obj.updater import ObjectUpdater
    utils.monkey_patch()
    eventlet.hubs.use_hub(utils.get_hub())
    utils.disable_fallocate()
    signal.alarm(600)
    for kind, daemon, section in (('account', AccountReplicator, 'account-replicator'),
                                  ('container', ContainerReplicator, 'container-replicator'),
                                  ('object', ObjectUpdater, 'object-updater'),
                                  ('object', ObjectReplicator, 'object-replicator'),
                                  ('container', ContainerUpdater, 'container-updater')):
        conf = utils.readconf(f'{ETC}/{kind}-server.conf', section, log_name=section)
        daemon(conf, logger=utils.get_logger(conf, section, log_route=section)).run_once()


def run_rsync_daemon() -> None:
    os.execvp('rsync', ['rsync', '--daemon', '--no-detach', f'--config={ETC}/rsyncd.conf'])


def choose_jobs(port: int, console: int | None, alone: bool) -> dict:
    """Name → what to run, for as long as the node runs."""
    jobs = {
        'storage': (serve, list(PORTS.items())),
        'proxy': (serve, [('proxy', port)], console),
        'rsync': (run_rsync_daemon,),
    }
    if not alone:
        from stand_in.addresses import watch_peers
        jobs['watch'] = (watch_peers,)
    return jobs
