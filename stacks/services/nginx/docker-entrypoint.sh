#!/bin/sh
# Before nginx starts: /docker-entrypoint.d in name order; *.envsh may set variables, *.sh are run.
set -e

if [ -n "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ]; then exec 3>/dev/null; else exec 3>&1; fi

if [ "$1" = nginx ] || [ "$1" = nginx-debug ]; then
    for file in /docker-entrypoint.d/*; do
        if [ ! -x "$file" ]; then
            echo >&3 "$0: $file is not executable and left out"
            continue
        fi
        case "$file" in
            *.envsh) echo >&3 "$0: reading $file"; . "$file" ;;
            *.sh) echo >&3 "$0: running $file"; "$file" ;;
            *) echo >&3 "$0: $file is neither *.sh nor *.envsh and left out" ;;
        esac
    done
fi

exec "$@"
