#!/bin/sh
# A private PostgreSQL for the benchmark: `postgres.sh start DIR` makes a cluster in DIR that listens
# on a socket there and nowhere else, `postgres.sh bench DIR CLIENTS SECONDS NAME` prints how often a
# second pgbench runs NAME.sql, `postgres.sh stop DIR` ends it and removes DIR. Durable: fsync and
# synchronous_commit are on, as they are by default.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
command=$1
dir=$2

# The server refuses to run as root.
as_owner() {
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

case $command in
start)
    mkdir -p "$dir"
    chmod 755 "$dir"
    if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; fi
    as_owner "$bin/initdb" -D "$dir/data" -U postgres -A trust >"$dir/log" 2>&1
    as_owner "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/data/log" -o \
        "-k $dir -c listen_addresses='' -c max_connections=200 -c shared_buffers=256MB" \
        start >>"$dir/log" 2>&1 </dev/null
    as_owner "$bin/psql" -q -h "$dir" -U postgres -v ON_ERROR_STOP=1 postgres <"$here/schema.sql"
    # The server keeps this script's stdout open: the line, not the end, says that it is ready.
    echo ready
    ;;
bench)
    as_owner "$bin/pgbench" -h "$dir" -U postgres -n -M prepared -c "$3" -j 2 -T "$4" \
        -f "$here/$5.sql" postgres 2>>"$dir/log" | sed -n 's/^tps = \([0-9.]*\).*/\1/p'
    ;;
stop)
    as_owner "$bin/pg_ctl" -D "$dir/data" -w -m immediate stop >>"$dir/log" 2>&1 || true
    rm -rf "$dir"
    ;;
*)
    echo "usage: postgres.sh start|bench|stop DIR [CLIENTS SECONDS NAME]" >&2
    exit 2
    ;;
esac
