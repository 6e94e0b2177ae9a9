#!/bin/bash
# The stack's one-shot: makes the bucket, and the user that the API is at the store, who reads and writes this bucket's
# objects and may nothing else. Runs in MinIO's image with its client `mc`; may be run again at any time.
# No output of the client is shown: it repeats secret keys.
set -u
peers=(http://minio1:9000 http://minio2:9000 http://minio3:9000 http://minio4:9000)
give_up=$((SECONDS + 120))
# in memory: the client keeps here what it logs in with
folder=/dev/shm/make-store
mkdir -p "$folder" && chmod 700 "$folder"
trap 'rm -rf "$folder"' EXIT

note() { echo "make-store: $*" >&2; }
die() { note "ERROR: $*"; exit 1; }

client=$(command -v mc || command -v minio-client) || die "this image has no MinIO client"
# the content of the file that NAME_FILE names
read_setting() { local name=${1}_FILE value; value=$(<"${!name}") || die "$name can't be read"; printf %s "$value"; }
mc() { "$client" --config-dir "$folder" --json "$@" >"$folder/said" 2>&1; }
# a node of the store itself: nothing balances between them yet on a first start
log_in() { printf '%s\n%s\n' "$root_user" "$root_password" | mc alias set store "$1"; }

# try WORDS: repeats a command of the client until it is done, on whichever node answers
try() {
  local peer
  until [ "$SECONDS" -ge "$give_up" ]; do
    for peer in "${peers[@]}"; do
      if log_in "$peer" && "$@"; then return; fi
      grep -Eq 'InvalidAccessKeyId|SignatureDoesNotMatch' "$folder/said" && die "the object store refuses root's keys"
    done
    sleep 0.5
  done
  die "the object store does not answer, or refuses: $1 $2"
}

root_user=$(read_setting MINIO_ROOT_USER) || exit
root_password=$(read_setting MINIO_ROOT_PASSWORD) || exit
key=$(read_setting MINIO_ACCESS_KEY) || exit
secret=$(read_setting MINIO_SECRET_KEY) || exit
bucket=$(read_setting MINIO_BUCKET_NAME) || exit
policy=api-of-$bucket
cat >"$folder/policy.json" <<EOF
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::$bucket/*"]},
  {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": ["arn:aws:s3:::$bucket"]}
]}
EOF

add_user() { printf '%s\n%s\n' "$key" "$secret" | mc admin user add store; }
attach_policy() {
  mc admin policy attach store "$policy" --user "$key" || grep -Eq 'AlreadyApplied|already in effect' "$folder/said"
}

try mc mb --ignore-existing "store/$bucket"
try mc admin policy create store "$policy" "$folder/policy.json"
try add_user
try attach_policy
note "the bucket $bucket and the API's access key are there"
