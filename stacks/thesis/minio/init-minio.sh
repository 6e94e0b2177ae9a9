#!/bin/sh
# Where compose.yml looks for it; the thesis doesn't print its own. Makes the bucket and ends; may be run again. Runs in
# the image of MinIO's client, which has a shell and little else. No output of the client is shown: it repeats keys.
set -eu
key=$(cat /run/secrets/minio_access_key)
secret=$(cat /run/secrets/minio_secret_key)
bucket=$(cat /run/secrets/minio_bucket_name)
MC_CONFIG_DIR=/dev/shm/init-minio
export MC_CONFIG_DIR
mkdir -p "$MC_CONFIG_DIR"
chmod 700 "$MC_CONFIG_DIR"
trap 'rm -rf "$MC_CONFIG_DIR"' EXIT

# The keys go in by standard input: arguments are seen by everyone on the node.
log_in() { printf '%s\n%s\n' "$key" "$secret" | mc --json alias set store "$1"; }

turn=0
while [ "$turn" -lt 150 ]; do
  for peer in minio1 minio2 minio3 minio4; do
    if { log_in "http://$peer:9000" && mc --json mb --ignore-existing "store/$bucket"; } >/dev/null 2>&1; then
      echo "init-minio: the bucket $bucket is there"
      exit 0
    fi
  done
  sleep 2
  turn=$((turn + 1))
done
echo 'init-minio: the object store does not answer, or refuses the keys' >&2
exit 1
