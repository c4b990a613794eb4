#!/usr/bin/env bash
# Makes the cluster and the database at the first start, as the public image does, and becomes the server.
set -euo pipefail

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ ! -s "$POSTGRES_PASSWORD_FILE" ]; then
        echo "error: the database is not made yet and $POSTGRES_PASSWORD_FILE holds no password for it" >&2
        exit 1
    fi
    read -ra more <<<"${POSTGRES_INITDB_ARGS:-}"
    initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-local=trust --auth-host=scram-sha-256 \
        --encoding=UTF8 "${more[@]}"
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    # Not on the network until the database is there.
    pg_ctl start --wait --options="-c listen_addresses=''"
    createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl stop --wait --mode=fast
fi
exec "$@" -c listen_addresses='*'
