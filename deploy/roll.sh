#!/bin/sh
# Replaces the containers of the API and the worker, first come the new ones, then go the old ones: nobody waits.
# Usage, in the folder of docker-compose.yml: deploy/roll.sh [service…]. Build first what shall be new.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- worker api
docker compose run --rm migrate
for service in "$@"; do
    old=$(docker compose ps --quiet "$service")
    count=$(echo "$old" | wc -w)
    docker compose up --detach --no-deps --no-recreate --wait --scale "$service=$((2 * count))" "$service"
    for container in $old; do
        docker stop "$container"
        docker rm "$container"
    done
done
