#!/usr/bin/env bash
# Builds the NativeAOT binary when something changed, then starts it.
#   ./run.sh                 the demo: two built-in origins and the proxy on 127.0.0.1:8080
#   ./run.sh -c my.toml      the proxy with a configuration of your own
#   ./run.sh --build         only build out/nativeproxy
#   ./run.sh COMMAND ...     any other command of the binary (check, config reference, version ...)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

BINARY=out/nativeproxy
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# The NativeAOT compiler links with the platform's C compiler and needs the zlib headers.
install_linker() {
    local missing=()
    command -v clang >/dev/null || command -v gcc >/dev/null || missing+=(clang)
    [ -e /usr/include/zlib.h ] || missing+=(zlib1g-dev)
    [ ${#missing[@]} -eq 0 ] && return
    if ! command -v apt-get >/dev/null; then
        echo "run.sh: please install ${missing[*]} (the NativeAOT linker needs them)" >&2
        exit 1
    fi
    echo "run.sh: installing ${missing[*]}" >&2
    as_root apt-get update -qq >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >&2
}

sources_changed() {
    [ -x "$BINARY" ] || return 0
    [ -n "$(find src generators Directory.Build.props Directory.Packages.props global.json run.sh \
        \( -name bin -o -name obj \) -prune -o -type f -newer "$BINARY" -print -quit)" ]
}

build() {
    command -v dotnet >/dev/null || { echo "run.sh: the .NET SDK is missing; see README.md" >&2; exit 1; }
    install_linker
    local linker=clang
    command -v clang >/dev/null || linker=gcc
    local log
    log=$(mktemp)
    echo "run.sh: building $BINARY (about a minute the first time)" >&2
    if ! dotnet publish src/NativeProxy -c Release -r linux-x64 -o out -p:CppCompilerAndLinker=$linker >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
    touch "$BINARY"
}

if sources_changed; then build; fi

case "${1:-}" in
    --build) ;;
    "") exec "$BINARY" demo ;;
    -c | --config | --single-process) exec "$BINARY" run "$@" ;;
    *) exec "$BINARY" "$@" ;;
esac
