#!/bin/bash
# The environment contract of Docker's official mysql image, on Debian's MariaDB:
# MYSQL_ROOT_PASSWORD, MYSQL_ROOT_HOST, MYSQL_DATABASE, MYSQL_USER, MYSQL_PASSWORD, each also as _FILE;
# MYSQL_ALLOW_EMPTY_PASSWORD, MYSQL_RANDOM_ROOT_PASSWORD, MYSQL_INITDB_SKIP_TZINFO; scripts in /docker-entrypoint-initdb.d.
set -eo pipefail
shopt -s nullglob

data=/var/lib/mysql
run=/run/mysqld
socket=$run/mysqld.sock
# There while the first start is under way: one that was killed half way is begun anew.
unfinished=$data/.first-start-unfinished
# How the server and the tools that write its files are run: as mysql when we are root.
as_mysql=()

note() { echo "$(date -u +%FT%TZ) [Entrypoint] $*" >&2; }

die() {
	note "ERROR: $*"
	exit 1
}

# take_setting NAME: NAME becomes a plain shell variable, from itself or from the file NAME_FILE names; never both.
take_setting() {
	local name=$1 file_name=${1}_FILE value=
	[ -z "${!name}" ] || [ -z "${!file_name}" ] || die "both $name and $file_name are set (but are exclusive)"
	if [ -n "${!name}" ]; then
		value=${!name}
	elif [ -n "${!file_name}" ]; then
		[ -r "${!file_name}" ] || die "$file_name: cannot read ${!file_name}"
		value=$(<"${!file_name}")
	fi
	unset "$file_name"
	export -n "$name" # no child process gets to see it
	printf -v "$name" %s "$value"
}

quote_text() {
	local escaped=${1//\\/\\\\}
	printf "'%s'" "${escaped//\'/\\\'}"
}

quote_name() { printf '`%s`' "${1//\`/\`\`}"; }

sql() { mariadb --no-defaults --default-character-set=utf8mb4 --socket="$socket" --user=root --binary-mode "$@"; }

check_settings() {
	[ -n "$MYSQL_ROOT_PASSWORD$MYSQL_ALLOW_EMPTY_PASSWORD$MYSQL_RANDOM_ROOT_PASSWORD" ] ||
		die 'set MYSQL_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD or MYSQL_RANDOM_ROOT_PASSWORD'
	[ "$MYSQL_USER" != root ] || die 'MYSQL_USER="root": the root user has its own variables'
	[ -z "$MYSQL_PASSWORD" ] || [ -n "$MYSQL_USER" ] || die 'MYSQL_PASSWORD is set but MYSQL_USER is not'
	if [ -n "$MYSQL_RANDOM_ROOT_PASSWORD" ]; then
		MYSQL_ROOT_PASSWORD=$(head -c 24 /dev/urandom | base64)
		note "GENERATED ROOT PASSWORD: $MYSQL_ROOT_PASSWORD" # what the official image promises to print
	fi
}

# The server on its socket alone: nobody else gets in before the accounts are right. Sets $server.
start_private_server() {
	"${as_mysql[@]}" mariadbd "$@" --skip-networking --socket="$socket" --pid-file=$run/first-start.pid &
	server=$!
	local attempt
	for attempt in $(seq 300); do
		# its output, not its exit code: that is 0 also when access is denied
		case $(mariadb-admin --no-defaults --socket="$socket" --user=root ping 2>&1) in *alive*) return ;; esac
		kill -0 $server 2>/dev/null || die 'the temporary server did not start'
		sleep 0.1
	done
	die 'the temporary server did not answer within 30 seconds'
}

write_accounts() {
	# mariadb-install-db leaves accounts without a password
	echo "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');"
	echo "DELETE FROM mysql.proxies_priv WHERE Host <> 'localhost';"
	echo 'FLUSH PRIVILEGES;'
	[ -z "$MYSQL_DATABASE" ] || echo "CREATE DATABASE IF NOT EXISTS $(quote_name "$MYSQL_DATABASE");"
	if [ -n "$MYSQL_USER" ] && [ -n "$MYSQL_PASSWORD" ]; then
		echo "CREATE USER $(quote_text "$MYSQL_USER")@'%' IDENTIFIED BY $(quote_text "$MYSQL_PASSWORD");"
		# an underscore is a wildcard in a grant
		[ -z "$MYSQL_DATABASE" ] ||
			echo "GRANT ALL ON $(quote_name "${MYSQL_DATABASE//_/\\_}").* TO $(quote_text "$MYSQL_USER")@'%';"
	fi
	local host=${MYSQL_ROOT_HOST:-%}
	if [ "$host" != localhost ]; then
		echo "CREATE USER 'root'@$(quote_text "$host") IDENTIFIED BY $(quote_text "$MYSQL_ROOT_PASSWORD");"
		echo "GRANT ALL ON *.* TO 'root'@$(quote_text "$host") WITH GRANT OPTION;"
	fi
	echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(quote_text "$MYSQL_ROOT_PASSWORD");"
}

run_first_start_scripts() {
	local file
	for file in /docker-entrypoint-initdb.d/*; do
		note "running $file"
		case $file in
		*.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
		*.sql) sql $MYSQL_DATABASE <"$file" ;;
		*.sql.gz) gunzip -c "$file" | sql $MYSQL_DATABASE ;;
		*) note "ignoring $file" ;;
		esac
	done
}

make_database() {
	check_settings
	find $data -mindepth 1 -delete
	"${as_mysql[@]}" touch "$unfinished"
	"${as_mysql[@]}" mariadb-install-db --datadir=$data --auth-root-authentication-method=normal --skip-test-db \
		--skip-log-bin >/dev/null
	start_private_server "$@"
	export MYSQL_PWD=
	if [ -z "$MYSQL_INITDB_SKIP_TZINFO" ]; then
		mariadb-tzinfo-to-sql --skip-write-binlog /usr/share/zoneinfo 2>/dev/null | sql mysql
	fi
	write_accounts | sql mysql
	export MYSQL_PWD=$MYSQL_ROOT_PASSWORD
	run_first_start_scripts
	mariadb-admin --no-defaults --socket="$socket" --user=root shutdown
	wait "$server"
	unset MYSQL_PWD
	rm -f "$unfinished"
	note 'first start done, ready for start up'
}

[ "${1:0:1}" = - ] && set -- mysqld "$@"
case $1 in
mysqld | mariadbd) shift ;;
*) exec "$@" ;;
esac
case " $* " in *" --version "* | *" --help "* | *" -V "*) exec mariadbd "$@" ;; esac

if [ "$EUID" = 0 ]; then
	mkdir -p $data $run
	find $data $run ! -user mysql -exec chown mysql:mysql {} +
	as_mysql=(setpriv --reuid=mysql --regid=mysql --init-groups)
fi
for name in MYSQL_ROOT_PASSWORD MYSQL_ROOT_HOST MYSQL_DATABASE MYSQL_USER MYSQL_PASSWORD; do take_setting $name; done
if [ ! -d $data/mysql ] || [ -e "$unfinished" ]; then make_database "$@"; fi
exec "${as_mysql[@]}" mariadbd "$@"
