#!/bin/sh
# Every template, with the environment's variables put in, becomes a configuration file of the same name and folder.
# Only variables that are set (and match NGINX_ENVSUBST_FILTER) are replaced: nginx's own, as $host, stay.
set -e

render() { # FOLDER SUFFIX INTO
    [ -d "$1" ] || return 0
    if [ ! -w "$3" ]; then
        echo >&2 "$0: $3 cannot be written: the templates are left out"
        return 0
    fi
    find "$1" -follow -type f -name "*$2" | sort | while read -r template; do
        name=${template#"$1"/}
        mkdir -p "$(dirname "$3/$name")"
        envsubst "$variables" < "$template" > "$3/${name%"$2"}"
    done
}

# shellcheck disable=SC2016 # the dollar is envsubst's
variables=$(awk -v filter="${NGINX_ENVSUBST_FILTER:-}" \
    'BEGIN { for (name in ENVIRON) if (name ~ /^[A-Za-z_][A-Za-z0-9_]*$/ && name ~ filter) printf "${%s} ", name }')

templates=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
render "$templates" "${NGINX_ENVSUBST_TEMPLATE_SUFFIX:-.template}" "${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}"
