#!/bin/bash
# Makes the database cluster at the first start, as docker.io/library/postgres does, then becomes the server.
#
#   POSTGRES_PASSWORD, POSTGRES_USER (postgres), POSTGRES_DB (the user), POSTGRES_INITDB_ARGS, POSTGRES_INITDB_WALDIR,
#   POSTGRES_HOST_AUTH_METHOD (scram-sha-256); each also as NAME_FILE with the path of a file that holds it
#   /docker-entrypoint-initdb.d/*.{sh,sql,sql.gz,sql.xz,sql.zst}, in name order
#
# The cluster is made in PGDATA/.new and moved into place when it is whole, PG_VERSION last: a first start that was cut
# off in the middle is simply done again at the next one.
set -Eeuo pipefail
shopt -s nullglob

note() { echo "$0: $*"; }
fail() { echo >&2 "error: $*"; exit 1; }

from_file() { # VARIABLE [DEFAULT]: its value, else that of VARIABLE_FILE's file, else DEFAULT
    local variable=$1 file=${1}_FILE value=${2:-}
    [ -z "${!variable:-}" ] || [ -z "${!file:-}" ] || fail "both $variable and $file are set (but are exclusive)"
    if [ -n "${!variable:-}" ]; then value=${!variable}; elif [ -n "${!file:-}" ]; then value=$(<"${!file}"); fi
    export "$variable=$value"
    unset "$file"
}

read_settings() {
    from_file POSTGRES_PASSWORD
    from_file POSTGRES_USER postgres
    from_file POSTGRES_DB "$POSTGRES_USER"
    from_file POSTGRES_INITDB_ARGS
    : "${POSTGRES_HOST_AUTH_METHOD:=}"
}

check_settings() {
    [ -n "$POSTGRES_PASSWORD" ] || [ "$POSTGRES_HOST_AUTH_METHOD" = trust ] || fail \
        "Database is uninitialized and superuser password is not specified." \
        "Set POSTGRES_PASSWORD to a non-empty value, or POSTGRES_HOST_AUTH_METHOD=trust to allow everyone in."
}

name_user() { # initdb asks for the name of its user; one that was given as a number has none
    local wrapper=(/usr/lib/*/libnss_wrapper.so)
    if getent passwd "$(id -u)" >/dev/null || [ ${#wrapper[@]} = 0 ]; then return; fi
    NSS_WRAPPER_PASSWD=$(mktemp) NSS_WRAPPER_GROUP=$(mktemp)
    echo "postgres:x:$(id -u):$(id -g):PostgreSQL:$PGDATA:/bin/false" > "$NSS_WRAPPER_PASSWD"
    echo "postgres:x:$(id -g):" > "$NSS_WRAPPER_GROUP"
    export LD_PRELOAD=${wrapper[0]} NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
}

unname_user() {
    if [ -n "${NSS_WRAPPER_PASSWD:-}" ]; then
        rm -f "$NSS_WRAPPER_PASSWD" "$NSS_WRAPPER_GROUP"
        unset LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
    fi
}

make_cluster() {
    local options=(--no-sync) # what is not on disk after a power failure is made again from the seeds
    [ -z "${POSTGRES_INITDB_WALDIR:-}" ] || options+=(--waldir "$POSTGRES_INITDB_WALDIR")
    name_user
    # POSTGRES_INITDB_ARGS is several words, quoted as a shell would have them.
    eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") "${options[@]}" '"$POSTGRES_INITDB_ARGS"
    unname_user
    local method=${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption)}
    {
        echo
        [ "$method" != trust ] || echo '# warning trust is enabled for all connections'
        echo "host all all all $method"
    } >> "$PGDATA/pg_hba.conf"
}

docker_process_sql() { # what scripts of the init folder call, too: psql with the database that is being made
    local words=(psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --no-password)
    [ -z "$POSTGRES_DB" ] || words+=(--dbname "$POSTGRES_DB")
    PGHOST='' PGHOSTADDR='' "${words[@]}" "$@"
}

make_database() {
    local known
    known=$(POSTGRES_DB='' docker_process_sql --dbname postgres --tuples-only --no-align --set db="$POSTGRES_DB" \
        <<< "SELECT 1 FROM pg_database WHERE datname = :'db';")
    [ -n "$known" ] || POSTGRES_DB='' docker_process_sql --dbname postgres --set db="$POSTGRES_DB" \
        <<< 'CREATE DATABASE :"db";'
}

run_init_files() {
    local file
    for file in "$@"; do
        case "$file" in
            *.sh)
                # As the official image: run where it is executable, else read into this shell.
                if [ -x "$file" ]; then note "running $file"; "$file"; else note "sourcing $file"; . "$file"; fi ;;
            *.sql) note "running $file"; docker_process_sql -f "$file" ;;
            *.sql.gz) note "running $file"; gunzip -c "$file" | docker_process_sql ;;
            *.sql.xz) note "running $file"; xzcat "$file" | docker_process_sql ;;
            *.sql.zst) note "running $file"; zstd -dc "$file" | docker_process_sql ;;
            *) note "ignoring $file" ;;
        esac
    done
}

initialise() { # the whole of a first start, in PGDATA/.new
    local place=$PGDATA
    export PGDATA=$place/.new
    rm -rf "$PGDATA"
    make_cluster
    # No TCP: who waits for the port must not meet this server.
    PGUSER=${PGUSER:-$POSTGRES_USER} pg_ctl -D "$PGDATA" -w start \
        -o "-c listen_addresses='' -c fsync=off -p ${PGPORT:-5432} $*" >/dev/null
    export PGPASSWORD=${PGPASSWORD:-$POSTGRES_PASSWORD}
    make_database
    run_init_files /docker-entrypoint-initdb.d/*
    pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
    unset PGPASSWORD
    touch "$PGDATA/complete"
    export PGDATA=$place
}

move_into_place() {
    local entry
    shopt -s dotglob
    for entry in "$PGDATA"/.new/*; do
        case ${entry##*/} in complete | PG_VERSION) ;; *) mv -T "$entry" "$PGDATA/${entry##*/}" ;; esac
    done
    shopt -u dotglob
    mv "$PGDATA/.new/PG_VERSION" "$PGDATA/PG_VERSION"
    rm -rf "$PGDATA/.new"
}

wants_help() {
    local word
    for word in "$@"; do
        case "$word" in -'?' | --help | --describe-config | -V | --version) return 0 ;; esac
    done
    return 1
}

main() {
    if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
    if [ "$1" != postgres ] || wants_help "$@"; then exec "$@"; fi

    if [ "$(id -u)" = 0 ]; then
        mkdir -p "$PGDATA"
        chmod 00700 "$PGDATA" || true
        find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
        [ ! -d /var/run/postgresql ] || chmod 03775 /var/run/postgresql || true
        if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then
            mkdir -p "$POSTGRES_INITDB_WALDIR"
            find "$POSTGRES_INITDB_WALDIR" \! -user postgres -exec chown postgres '{}' +
            chmod 700 "$POSTGRES_INITDB_WALDIR"
        fi
        exec gosu postgres "${BASH_SOURCE[0]}" "$@"
    fi

    mkdir -p "$PGDATA"
    chmod 00700 "$PGDATA" || true
    if [ -s "$PGDATA/PG_VERSION" ]; then
        note "the database is there; initialisation is left out"
    else
        read_settings
        if [ ! -e "$PGDATA/.new/complete" ]; then
            [ -z "$(find "$PGDATA" -mindepth 1 -maxdepth 1 \! -name .new \! -name lost+found -print -quit)" ] ||
                fail "$PGDATA holds files, but no database cluster."
            check_settings
            initialise "${@:2}"
        fi
        move_into_place
        note "PostgreSQL init process complete; ready for start up."
    fi
    exec "$@"
}

main "$@"
