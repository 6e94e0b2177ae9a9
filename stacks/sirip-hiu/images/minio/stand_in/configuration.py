"""The files that Swift and rsync read."""
import os

from stand_in.state import ETC, PORTS

COMMON = '''[DEFAULT]
bind_ip = 0.0.0.0
bind_port = {port}
user = {user}
swift_dir = /etc/swift
devices = /srv/node
mount_check = false
log_level = {level}
log_max_line_length = 300
log_address = /nonexistent
log_custom_handlers = stand_in.filters.log_handler
recon_cache_path = /run/stand-in
fallocate_reserve = 0
disable_fallocate = true
workers = 0
'''
# Each node remembers by itself that a bucket isn't there (`recheck_…`, seconds), and isn't told when another node makes
# it: with Swift's minute, uploads through the other nodes would fail for as long.
PROXY = COMMON + '''
[pipeline:main]
pipeline = front cache catch_errors gatekeeper listing_formats s3api auth copy slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = false
conn_timeout = 0.5
node_timeout = 5
recoverable_node_timeout = 3
request_node_count = {nodes_asked}
error_suppression_interval = 5
error_suppression_limit = 20
recheck_account_existence = 1
recheck_container_existence = 1
[filter:s3api]
use = egg:swift#s3api
location = {region}
auth_pipeline_check = false
s3_acl = false
dns_compliant_bucket_names = true
max_upload_part_num = 10000
[filter:slo]
use = egg:swift#slo
max_manifest_segments = 10000
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
allow_object_versioning = true
[filter:front]
paste.filter_factory = stand_in.filters:front
[filter:cache]
paste.filter_factory = stand_in.filters:cache
[filter:auth]
paste.filter_factory = stand_in.filters:auth
''' + ''.join(f'[filter:{name}]\nuse = egg:swift#{name}\n' for name in
              ('catch_errors', 'gatekeeper', 'listing_formats', 'copy', 'dlo', 'symlink'))
# Passes are started by the supervisor, so the daemons' own interval is never waited for.
BACKEND = COMMON + '''
[pipeline:main]
pipeline = who {kind}-server
[filter:who]
paste.filter_factory = stand_in.filters:who
[app:{kind}-server]
use = egg:swift#{kind}
[{kind}-replicator]
interval = 3600
concurrency = 4
rsync_module = {{replication_ip}}::{{device}}
rsync_timeout = 120
rsync_io_timeout = 20
log_rsync_transfers = false
[{kind}-updater]
interval = 3600
'''
RSYNCD = 'use chroot = no\nlog file = /dev/null\nport = 873\n'
RSYNC_MODULE = '''[{device}]
path = {path}
read only = false
max connections = 40
lock file = /run/stand-in/rsync.{device}
'''


def write_whole(path: str, text: str) -> None:
    with open(path + '.new', 'w') as file:
        file.write(text)
    os.rename(path + '.new', path)


def write_configuration(port: int, user: str, paths: list[str], drives: int, region: str, level: str) -> None:
    """Everything but the rings. `paths` are this node's drives, `drives` counts all nodes'."""
    common = {'user': user, 'level': level, 'region': region, 'nodes_asked': drives // 2 + 1}
    modules = (RSYNC_MODULE.format(device=f'd{number}', path=path) for number, path in enumerate(paths, 1))
    write_whole(f'{ETC}/rsyncd.conf', RSYNCD + ''.join(modules))
    write_whole(f'{ETC}/proxy-server.conf', PROXY.format(port=port, **common))
    for kind in PORTS:
        write_whole(f'{ETC}/{kind}-server.conf', BACKEND.format(kind=kind, port=PORTS[kind], **common))
