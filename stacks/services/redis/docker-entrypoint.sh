#!/bin/sh
# Becomes the server, as the user redis where it may choose, as docker.io/library/redis does.
#
#   options (`--appendonly yes`) and a configuration file (`/etc/my.conf`) alone are redis-server's
#   SKIP_DROP_PRIVS=1 stays root; SKIP_FIX_PERMS=1 leaves the owner of /data as it is
set -e

case "${1:-}" in
    -* | *.conf) set -- redis-server "$@" ;;
esac

if [ "${1:-}" = redis-server ] && [ "$(id -u)" = 0 ] && [ -z "${SKIP_DROP_PRIVS:-}" ]; then
    if [ -z "${SKIP_FIX_PERMS:-}" ]; then find . \! -user redis -exec chown redis '{}' +; fi
    exec gosu redis "$0" "$@"
fi

# What the server writes is its own.
if [ "$(umask)" = 0022 ]; then umask 0077; fi

# The official image is compiled with protected mode off: a container without a published port is protected already.
# Options that follow win; a file that speaks of it keeps its word.
if [ "${1:-}" = redis-server ]; then
    case "${2:-}" in
        --version | --help | --test-memory | --check-system) ;;
        '' | --*) shift; set -- redis-server --protected-mode no "$@" ;;
        -*) ;;
        *)
            if ! grep -qis '^[[:space:]]*protected-mode[[:space:]]' "$2"; then
                file=$2
                shift 2
                set -- redis-server "$file" --protected-mode no "$@"
            fi
            ;;
    esac
fi

exec "$@"
