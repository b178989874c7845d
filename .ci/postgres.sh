#!/bin/sh
# A PostgreSQL of its own for tests, in a temporary folder, on a free port, as a non-root user.
#
#   eval "$(.ci/postgres.sh start)"   installs it where it is missing (Debian), starts it, prints
#                                     LIU_TEST_DSN and LIU_TEST_PG_DIR as export commands
#   .ci/postgres.sh stop [DIR]        stops it and removes its folder (default $LIU_TEST_PG_DIR)
set -eu

say() { echo "postgres.sh: $*" >&2; }

# Runs a command as the user the server runs as: PostgreSQL refuses to run as root.
as_owner() {
  if [ "$(id -u)" = 0 ]; then
    (cd / && setpriv --reuid=postgres --regid=postgres --clear-groups "$@")
  else
    "$@"
  fi
}

# The folder of the newest server; on PATH there may be some of its commands only.
server_bin() {
  initdb=$(find /usr/lib/postgresql -name initdb -path '*/bin/*' 2>/dev/null | sort -V | tail -n 1)
  [ -n "$initdb" ] || initdb=$(command -v initdb || true)
  [ -z "$initdb" ] || dirname "$(readlink -f "$initdb")"
}

install_server() {
  [ -z "$(server_bin)" ] || return 0
  [ "$(id -u)" = 0 ] || { say "PostgreSQL is missing: apt-get install postgresql"; exit 1; }
  say "installing PostgreSQL"
  {
    apt-get update -qq
    # No cluster of the system's own is wanted.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
      echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql
  } >&2
}

free_port() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 40000))
    "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" || [ $? = 1 ] || { echo "$port"; return; }
  done
  say "no free port found"
  exit 1
}

start() {
  install_server
  bin=$(server_bin)
  dir=$(mktemp -d "${TMPDIR:-/tmp}/liu-postgres.XXXXXX")
  trap 'stop "$dir"' EXIT
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s' "$password" > "$dir/password"
  [ "$(id -u)" != 0 ] || chown -R postgres: "$dir"
  as_owner "$bin/initdb" -D "$dir/data" -U liu -A scram-sha-256 --pwfile="$dir/password" \
    -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  # Tests kill the server; what they look at is not what a loss of power leaves.
  for try in 1 2 3; do
    port=$(free_port)
    if as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -s \
      -o "-h 127.0.0.1 -p $port -k $dir -c fsync=off" start >&2; then
      dsn="postgres://liu:$password@127.0.0.1:$port/liu"
      PGPASSWORD="$password" "$bin/createdb" -h 127.0.0.1 -p "$port" -U liu liu >&2
      trap - EXIT
      echo "export LIU_TEST_DSN='$dsn' LIU_TEST_PG_DIR='$dir'"
      return
    fi
    say "start $try on port $port failed"
  done
  cat "$dir/log" >&2
  exit 1
}

stop() {
  dir=${1:-${LIU_TEST_PG_DIR:-}}
  [ -n "$dir" ] && [ -d "$dir" ] || { say "no such folder: '$dir'"; exit 1; }
  as_owner "$(server_bin)/pg_ctl" -D "$dir/data" -s -m fast stop >&2 2>/dev/null || true
  rm -rf "$dir"
}

case "${1:-}" in
  start) start ;;
  stop) stop "${2:-}" ;;
  *) say "usage: postgres.sh start | stop [DIR]"; exit 2 ;;
esac
