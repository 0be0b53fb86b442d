#!/bin/sh
# With USE_SYSTEM_CA_CERTS, certificates in /certificates are trusted by Java as well, as in
# docker.io/library/eclipse-temurin. What the system trusts, Debian's Java trusts already.
set -e

if [ -n "${USE_SYSTEM_CA_CERTS:-}" ] && [ -d /certificates ] && [ "$(id -u)" = 0 ]; then
    for file in /certificates/*.crt /certificates/*.pem; do
        [ -f "$file" ] || continue
        name=${file##*/}
        cp "$file" "/usr/local/share/ca-certificates/${name%.*}.crt"
    done
    update-ca-certificates >/dev/null 2>&1
fi

exec "$@"
