"""A real distributed S3 store behind MinIO's command line: OpenStack Swift (proxy with s3api; account, container and
object servers; replicators), run from one supervisor, one container a node.

    server [--address :9000] [--console-address :9001] http://minio{1...4}/data{1...2}

Environment: MINIO_ROOT_USER and MINIO_ROOT_PASSWORD, each also as _FILE; MINIO_REGION; and of its own
STAND_IN_REPLICAS (3), STAND_IN_NODE (which host of the command line this is, unless the host name says it),
STAND_IN_INTERVAL (seconds between replication passes, 10), STAND_IN_SETTLE (seconds during which a node that is just
back is read last, 60), STAND_IN_LOG (WARNING).
"""
