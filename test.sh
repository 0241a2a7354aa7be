#!/usr/bin/env bash
# The whole check: builds everything with warnings as errors, publishes the NativeAOT binary, runs all tests, and closes with one line
# "N passed, N failed" (", N skipped" may follow). Exit code 0 only when nothing failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

passed=0 failed=0 skipped=0

finish() {
    if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

stop() { echo "test.sh: $1"; failed=$((failed + 1)); finish; }

./run.sh --build || stop "the NativeAOT binary could not be built"
dotnet build NativeProxy.sln -c Release 2>&1 | tail -n 4
[ "${PIPESTATUS[0]}" -eq 0 ] || stop "the solution does not build"

# Adds the figures of one runner's closing line; a runner without one has failed as a whole.
count() { # name log
    local line
    line=$(grep -E '(Passed|Failed)! +- Failed: +[0-9]+, Passed: +[0-9]+' "$2" | tail -n 1)
    if [ -z "$line" ]; then
        tail -n 40 "$2"
        echo "test.sh: $1 did not finish"
        failed=$((failed + 1))
        return
    fi
    local numbers
    read -r -a numbers <<<"$(sed -E 's/.*Failed: +([0-9]+), Passed: +([0-9]+), Skipped: +([0-9]+).*/\1 \2 \3/' <<<"$line")"
    failed=$((failed + numbers[0])) passed=$((passed + numbers[1])) skipped=$((skipped + numbers[2]))
    echo "$1: ${numbers[1]} passed, ${numbers[0]} failed, ${numbers[2]} skipped"
    [ "${numbers[0]}" -eq 0 ] || grep -A 12 -E '^\s+Failed ' "$2" | head -n 200
}

log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
dotnet test tests/NativeProxy.Tests -c Release --no-build >"$log/unit" 2>&1
count NativeProxy.Tests "$log/unit"
for engine in saea epoll; do
    NATIVEPROXY_ENGINE=$engine dotnet test tests/NativeProxy.EndToEnd -c Release --no-build >"$log/$engine" 2>&1
    count "NativeProxy.EndToEnd, engine $engine" "$log/$engine"
done

# Black-box acceptance cases, where they lie beside the checkout; those of the kinds that are promised today.
accept=../shared/accept/accept.py
for engine in saea epoll; do
    [ -e "$accept" ] && command -v python3 >/dev/null || break
    NATIVEPROXY_ENGINE=$engine NATIVEPROXY_BIN="$PWD/out/nativeproxy" python3 "$accept" --proxy ours -q --case 'smug-*' --case 'split-*' --case 'pipe-*' --case 'ka-*' \
        --case 'chunk-*' --case 'cl-*' --case 'resp-*' --case 'host-*' --case 'target-*' --case 'hdr-*' --case 'hop-*' --case 'fwd-*' \
        --case 'up-*' --case 'limit-*' --case 'version-*' --case 'method-*' --case 'line-*' --case 'garbage-*' --case 'interim-*' \
        --case 'expect-*' --case 'stream-*' --case 'slow-*' --case 'ws-*' --case 'pp-*' --case 'proxy-*' --case 'connect-*' --case 'cookie-*' --case 'lb-*' --case 'hc-*' >"$log/accept" 2>&1
    grep -vE '^ours ' "$log/accept"
    line=$(grep -E '^ours ' "$log/accept" | tail -n 1)
    good=$(grep -oE 'pass=[0-9]+' <<<"$line" | cut -d= -f2)
    bad=$(grep -oE '(fail|error)=[0-9]+' <<<"$line" | cut -d= -f2 | awk '{n += $1} END {print n + 0}')
    [ -n "$good" ] || bad=$((bad + 1))
    passed=$((passed + ${good:-0})) failed=$((failed + bad))
    echo "accept, engine $engine: ${good:-0} passed, $bad failed"
done
finish
