#!/bin/sh
# Migrates, then replaces the containers of the worker and the API: new ones come, then the old ones go. Nobody waits.
# Usage: deploy/roll.sh [api] [worker]. Build first what shall be new.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- worker api
# Nowhere --no-deps: Compose would take the new containers for outdated ones at the next `up`.
docker compose up --detach migrate
for service in "$@"; do
    old=$(docker compose ps --quiet "$service")
    count=$(echo "$old" | wc -w)
    [ "$count" -gt 0 ] || continue
    if ! docker compose up --detach --no-recreate --wait --scale "$service=$((2 * count))" "$service"; then
        echo "The new containers of $service are not healthy and are removed; the old ones go on." >&2
        for container in $(docker compose ps --quiet "$service"); do
            case "$old" in *"$container"*) ;; *) docker logs --tail 5 "$container" >&2; docker rm --force "$container" ;; esac
        done
        exit 1
    fi
    for container in $old; do
        docker stop "$container"
        docker rm "$container"
    done
done
