#!/usr/bin/env bash
# Brings docker-compose.yml up until it is healthy, or takes it down again.
#
# usage: compose_up.sh up|down FOLDER
#
# Where no container engine answers, `up` gets one going, as root on Debian: engine and Compose from Debian's
# packages, a daemon with all its state in FOLDER, and, as there need be no image registry in reach, a base image made
# of Debian's Python. `down` ends that daemon and removes FOLDER. Compose's and the services' own variables
# (COMPOSE_PROJECT_NAME, DIGITS_HTTP_PORT, ...) pass through.
set -euo pipefail
action=$1 folder=$2
cd "$(dirname "$0")/../.."

compose() {
    if docker compose version &>/dev/null; then docker compose "$@"; else docker-compose "$@"; fi
}

use_own_engine() {
    export DOCKER_HOST=unix://$folder/engine.sock BASE_IMAGE=digits-test/python:debian
}

install_engine() {
    local missing=() package
    for package in docker.io docker-compose iptables mmdebstrap; do
        dpkg -s "$package" &>/dev/null || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "${missing[@]}"
}

start_engine() {
    mkdir -p "$folder"
    setsid dockerd --host "$DOCKER_HOST" --pidfile "$folder/engine.pid" \
        --data-root "$folder/data" --exec-root "$folder/exec" </dev/null &>"$folder/engine.log" &
    for _ in {1..100}; do
        docker info &>/dev/null && return
        sleep 0.3
    done
    tail -n 30 "$folder/engine.log"
    return 1
}

# The same packages as on this machine, from where its own apt takes them, with the certificates that it trusts.
make_base_image() {
    local sources=/etc/apt/sources.list.d/debian.sources suite
    [ -e "$sources" ] || sources=/etc/apt/sources.list
    # shellcheck disable=SC1091
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    # shellcheck disable=SC2016 # $1 is the new root folder, named to the hook by mmdebstrap
    mmdebstrap --quiet --variant=apt --include=python3,python3-venv,ca-certificates \
        --dpkgopt='force-unsafe-io' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --customize-hook='cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"' \
        "$suite" - "$sources" |
        docker import --change 'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt' - "$BASE_IMAGE"
}

up() {
    if ! docker info &>/dev/null; then
        use_own_engine
        install_engine
        start_engine
        make_base_image
    fi
    compose config --quiet
    compose build
    compose up --detach
    local container state
    container=$(compose ps --quiet gateway)
    for _ in {1..120}; do
        state=$(docker inspect --format '{{.State.Health.Status}}' "$container")
        [ "$state" = healthy ] && return
        sleep 0.5
    done
    compose ps
    compose logs --tail 30
    return 1
}

down() {
    if [ -e "$folder/engine.pid" ]; then use_own_engine; fi
    compose down --volumes --timeout 15
    if [ -e "$folder/engine.pid" ]; then
        local engine
        engine=$(<"$folder/engine.pid")
        kill "$engine"
        while kill -0 "$engine" 2>/dev/null; do sleep 0.1; done
    fi
    rm -rf "$folder"
}

"$action"
