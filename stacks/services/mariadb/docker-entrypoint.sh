#!/bin/bash
# Becomes the server, as the user mysql where it may choose, as docker.io/library/mariadb does. Without data it makes
# them first: root's password (MARIADB_ROOT_PASSWORD, _RANDOM_ROOT_PASSWORD or _ALLOW_EMPTY_ROOT_PASSWORD), a database
# (MARIADB_DATABASE) and a user who owns it (MARIADB_USER, MARIADB_PASSWORD), then /docker-entrypoint-initdb.d in name
# order. Each variable may be called MYSQL_… and may come from a file (…_FILE).
set -eo pipefail
shopt -s nullglob

say() { printf '%s [entrypoint] %s\n' "$(date --rfc-3339=seconds)" "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

# The value of MARIADB_$1, of MYSQL_$1, or of the file that one of them names with _FILE.
value() {
    local name file
    for name in "MARIADB_$1" "MYSQL_$1"; do
        file="${name}_FILE"
        if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then fail "$name and $file exclude each other"; fi
        if [ -n "${!name:-}" ]; then printf %s "${!name}" && return; fi
        if [ -n "${!file:-}" ]; then printf %s "$(<"${!file}")" && return; fi
    done
}

# A text as SQL writes it, without the quotes around.
quoted() { printf %s "$1" | sed 's/\\/\\\\/g; s/'\''/\\'\''/g'; }

# SQL from standard input, by root over the socket; options go to the client.
docker_process_sql() {
    MYSQL_PWD=$root_now mariadb --protocol=socket --socket="$socket" -uroot --comments "$@"
}

initialise() {
    root=$(value ROOT_PASSWORD) random=$(value RANDOM_ROOT_PASSWORD) database=$(value DATABASE)
    empty=$(value ALLOW_EMPTY_ROOT_PASSWORD) user=$(value USER) password=$(value PASSWORD)
    [ -n "$empty" ] || empty=${MYSQL_ALLOW_EMPTY_PASSWORD:-}
    if [ -z "$root$random$empty" ]; then
        fail "the database has no data and root no password:" \
            "set MARIADB_ROOT_PASSWORD, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD or MARIADB_RANDOM_ROOT_PASSWORD"
    fi
    if [ -n "$user" ] && [ -z "$password" ]; then fail "MARIADB_USER needs MARIADB_PASSWORD"; fi
    if [ -z "$root" ] && [ -n "$random" ]; then
        root=$(head -c 18 /dev/urandom | base64)
        say "root's password, made at random: $root"
    fi

    say "making the data"
    touch "$data/.initialising"
    mariadb-install-db --datadir="$data" --rpm --auth-root-authentication-method=normal --skip-test-db \
        --cross-bootstrap >/dev/null
    # Nobody may meet this server by TCP: it goes away again.
    "$@" --skip-networking --socket="$socket" &
    server=$! root_now=
    for _ in $(seq 300); do
        if docker_process_sql -e 'SELECT 1' >/dev/null 2>&1; then break; fi
        kill -0 "$server" 2>/dev/null || fail "the server ended while the data were made"
        sleep 0.1
    done

    if [ -z "${MARIADB_INITDB_SKIP_TZINFO:-${MYSQL_INITDB_SKIP_TZINFO:-}}" ]; then
        mariadb-tzinfo-to-sql /usr/share/zoneinfo 2>/dev/null | docker_process_sql mysql
    fi
    everywhere=${MARIADB_ROOT_HOST-${MYSQL_ROOT_HOST-%}}
    {
        echo "SET @@SESSION.SQL_LOG_BIN = 0; SET @@SESSION.SQL_MODE = REPLACE(@@SESSION.SQL_MODE, 'NO_BACKSLASH_ESCAPES', '');"
        echo "SET PASSWORD FOR 'root'@'localhost' = PASSWORD('$(quoted "$root")');"
        if [ -n "$everywhere" ] && [ "$everywhere" != localhost ]; then
            echo "CREATE USER 'root'@'$(quoted "$everywhere")' IDENTIFIED BY '$(quoted "$root")';"
            echo "GRANT ALL ON *.* TO 'root'@'$(quoted "$everywhere")' WITH GRANT OPTION;"
        fi
        if [ -n "$database" ]; then echo "CREATE DATABASE IF NOT EXISTS \`${database//\`/\`\`}\`;"; fi
        if [ -n "$user" ]; then
            echo "CREATE USER '$(quoted "$user")'@'%' IDENTIFIED BY '$(quoted "$password")';"
            if [ -n "$database" ]; then
                pattern=${database//\`/\`\`}
                echo "GRANT ALL ON \`${pattern//_/\\_}\`.* TO '$(quoted "$user")'@'%';"
            fi
        fi
    } | docker_process_sql mysql
    root_now=$root

    for file in /docker-entrypoint-initdb.d/*; do
        say "$file"
        case "$file" in
            *.sh)
                # shellcheck disable=SC1090 # what the user put there
                if [ -x "$file" ]; then "$file"; else . "$file"; fi
                ;;
            *.sql) docker_process_sql ${database:+"--database=$database"} <"$file" ;;
            *.sql.gz) gzip -dc "$file" | docker_process_sql ${database:+"--database=$database"} ;;
            *.sql.xz) xz -dc "$file" | docker_process_sql ${database:+"--database=$database"} ;;
            *.sql.zst) zstd -dcq "$file" | docker_process_sql ${database:+"--database=$database"} ;;
            *) say "$file is left out" ;;
        esac
    done

    kill "$server"
    wait "$server" || fail "the server that made the data did not end in order"
    rm -f "$data/.initialising"
    say "the data are made"
}

case "${1:-}" in
    -*) set -- mariadbd "$@" ;;
    mysqld) set -- mariadbd "${@:2}" ;;
esac

if [ "${1:-}" = mariadbd ]; then
    serves=yes
    for word in "$@"; do
        case "$word" in '-?' | --help | --print-defaults | -V | --version) serves= ;; esac
    done
    if [ -n "$serves" ]; then
        setting() { "$@" --verbose --help 2>/dev/null; }
        data=$(setting "$@" | awk '$1 == "datadir" && /^[^ \t]/ { print $2; exit }')
        socket=$(setting "$@" | awk '$1 == "socket" && /^[^ \t]/ { print $2; exit }')
        data=${data%/}
        mkdir -p "$data" "${socket%/*}"
        if [ "$(id -u)" = 0 ]; then
            find "$data" \! -user mysql -exec chown mysql: '{}' +
            chown mysql: "${socket%/*}"
            exec gosu mysql "$0" "$@"
        fi
        if [ -e "$data/.initialising" ]; then
            say "the data were cut off while they were made: once more"
            find "$data" -mindepth 1 -delete
        fi
        if [ ! -d "$data/mysql" ]; then initialise "$@"; fi
    fi
fi

exec "$@"
