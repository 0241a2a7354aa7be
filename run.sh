#!/usr/bin/env bash
# Builds the NativeAOT binary when something changed, then starts it.
#   ./run.sh                 the demo: two built-in origins and the proxy on 127.0.0.1:8080
#   ./run.sh -c my.toml      the proxy with a configuration of your own
#   ./run.sh --build         only build out/nativeproxy
#   ./run.sh --package       a tarball and a Debian package of it in out/package
#   ./run.sh COMMAND ...     any other command of the binary (check, config reference, version ...)
# What the build needs and this machine lacks is named and installed; NATIVEPROXY_INSTALL=no names it and stops.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

BINARY=out/nativeproxy
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

say() { echo "run.sh: $*" >&2; }

stop() { say "$*"; exit 1; }

has() { command -v "$1" >/dev/null; }

# The .NET name of this machine: linux-x64, linux-arm64, linux-musl-x64 or linux-musl-arm64.
runtime_id() {
    local cpu libc=""
    [ "$(uname -s)" = Linux ] || stop "builds on Linux only, and this is $(uname -s); elsewhere use dotnet run --project src/NativeProxy"
    case "$(uname -m)" in
        x86_64 | amd64) cpu=x64 ;;
        aarch64 | arm64) cpu=arm64 ;;
        *) stop "there is no NativeAOT for a processor of the kind $(uname -m); use dotnet run --project src/NativeProxy" ;;
    esac
    # musl's ldd has no --version: it names itself on its error output and fails.
    case "$(ldd --version 2>&1 || true)" in *musl*) libc=musl- ;; esac
    echo "linux-$libc$cpu"
}

compiler() { if has clang; then echo clang; elif has gcc; then echo gcc; fi; }

# The runtime is linked with zlib. A compiler knows best where its headers are.
has_zlib() {
    local cc
    cc=$(compiler)
    if [ -n "$cc" ]; then "$cc" -E -x c - >/dev/null 2>&1 <<<"#include <zlib.h>"; else [ -e /usr/include/zlib.h ]; fi
}

# NativeAOT makes an object file; the platform's own C compiler links it.
install_linker() {
    local packages=() reasons=() manager="" names=()
    has apt-get && manager="apt-get install -y" && names=("clang" "zlib1g-dev")
    has apk && manager="apk add" && names=("clang build-base" "zlib-dev")
    has dnf && manager="dnf install -y" && names=("clang" "zlib-devel")
    [ -n "$(compiler)" ] || { packages+=("${names[0]:-clang or gcc}"); reasons+=("no clang and no gcc is in the PATH; one of them links the binary"); }
    has_zlib || { packages+=("${names[1]:-the zlib headers}"); reasons+=("zlib.h is missing; the runtime in the binary is linked with zlib"); }
    [ ${#packages[@]} -gt 0 ] || return 0

    local i
    say "to build the binary, this machine lacks"
    for i in "${!packages[@]}"; do say "    ${packages[i]}: ${reasons[i]}"; done
    [ -n "$manager" ] || stop "none of apt-get, apk and dnf is here; please install that yourself"
    local command="$manager ${packages[*]}"
    if [ "${NATIVEPROXY_INSTALL:-yes}" = no ]; then stop "NATIVEPROXY_INSTALL=no: nothing is installed; as root: $command"; fi
    local as_root=""
    if [ "$(id -u)" != 0 ]; then
        has sudo || stop "this is not root and there is no sudo; as root: $command"
        as_root=sudo
    fi
    say "installing: ${as_root:+sudo }$command (NATIVEPROXY_INSTALL=no would refuse)"
    if has apt-get; then $as_root apt-get update -qq >&2; fi
    # Unquoted: a command and its words.
    $as_root env DEBIAN_FRONTEND=noninteractive $command >&2 || stop "that failed; the build needs it"
}

sources_changed() {
    [ -x "$BINARY" ] || return 0
    [ -n "$(find src generators Directory.Build.props Directory.Packages.props global.json run.sh \
        \( -name bin -o -name obj -o -path src/packaging \) -prune -o -type f ! -name '*.md' -newer "$BINARY" -print -quit)" ]
}

build() {
    has dotnet || stop "the .NET SDK is missing; see README.md"
    local rid log
    rid=$(runtime_id)
    install_linker
    log=$(mktemp)
    say "building $BINARY for $rid (about a minute the first time)"
    if ! dotnet publish src/NativeProxy -c Release -r "$rid" -o out -p:CppCompilerAndLinker="$(compiler)" >"$log" 2>&1; then
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
    --package) exec src/packaging/build.sh "$BINARY" out/package ;;
    "") exec "$BINARY" demo ;;
    -c | --config | --single-process) exec "$BINARY" run "$@" ;;
    *) exec "$BINARY" "$@" ;;
esac
