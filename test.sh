#!/usr/bin/env bash
# The whole check: builds everything with warnings as errors, publishes the NativeAOT binary, runs all tests, and closes with one line
# "N passed, N failed" (", N skipped" may follow). Exit code 0 only when nothing failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

passed=0 failed=0 skipped=0

finish() {
    # Once more at the end: of a long output often only the last lines are kept.
    [ ! -s "${log:-}/failures" ] || { echo "what failed:" && head -n 300 "$log/failures"; }
    if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

stop() { echo "test.sh: $1"; failed=$((failed + 1)); finish; }

./run.sh --build || stop "the NativeAOT binary could not be built"
dotnet build NativeProxy.sln -c Release 2>&1 | tail -n 4
[ "${PIPESTATUS[0]}" -eq 0 ] || stop "the solution does not build"
dotnet publish tests/NativeProxy.LayeredHost -c Release --use-current-runtime -o out/layered \
    -p:CppCompilerAndLinker="$(command -v clang || command -v gcc)" 2>&1 | tail -n 4
[ "${PIPESTATUS[0]}" -eq 0 ] || stop "tests/NativeProxy.LayeredHost could not be built"

# Adds the figures of one runner's closing line; a runner without one has failed as a whole.
count() { # name log
    local line
    line=$(grep -aE '(Passed|Failed)! +- Failed: +[0-9]+, Passed: +[0-9]+' "$2" | tail -n 1)
    if [ -z "$line" ]; then
        tail -n 40 "$2"
        echo "test.sh: $1 did not finish" | tee -a "$log/failures"
        failed=$((failed + 1))
        return
    fi
    local numbers
    read -r -a numbers <<<"$(sed -E 's/.*Failed: +([0-9]+), Passed: +([0-9]+), Skipped: +([0-9]+).*/\1 \2 \3/' <<<"$line")"
    failed=$((failed + numbers[0])) passed=$((passed + numbers[1])) skipped=$((skipped + numbers[2]))
    echo "$1: ${numbers[1]} passed, ${numbers[0]} failed, ${numbers[2]} skipped"
    [ "${numbers[0]}" -eq 0 ] || { echo "$1" && grep -a -A 30 -E '^\s+Failed ' "$2"; } | head -n 200 | tee -a "$log/failures"
}

log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
dotnet test tests/NativeProxy.Tests -c Release --no-build >"$log/unit" 2>&1
count NativeProxy.Tests "$log/unit"
for engine in saea epoll; do
    NATIVEPROXY_ENGINE=$engine dotnet test tests/NativeProxy.EndToEnd -c Release --no-build >"$log/$engine" 2>&1
    count "NativeProxy.EndToEnd, engine $engine" "$log/$engine"
done

# The scenes once more through a layer: the product as tests/NativeProxy.LayeredHost, whose listeners and servers all speak records. On the other
# engine those of what connections do. Left out: what a command, an installation or a page of the manual does, for it has no layer; long runs; the PROXY
# header, which stands before the first record; TLS, which is a layer itself. A test that by its nature needs bare sockets has the trait layer = no, with its reason.
all='layer!=no'
for other in Manual ProxyProtocol CommandTests Packaging Endurance EndToEnd.Tls.; do all+="&FullyQualifiedName!~$other"; done
connections=
for class in Persistence Finalization HalfClose Pipelining PipelinedServer CutBody Tunnel Pool StaleReuse Replay RetryElsewhere UnacknowledgedRetry \
    Queue CacheWithoutClient PreferLastServer Drain Reload; do
    connections+="${connections:+|}FullyQualifiedName~.${class}Tests."
done
for engine in saea epoll; do
    scenes=$all
    [ $engine = epoll ] || scenes+="&($connections)"
    NATIVEPROXY_ENGINE=$engine NATIVEPROXY_E2E_LAYER=1 NATIVEPROXY_BIN="$PWD/out/layered/NativeProxy.LayeredHost" \
        dotnet test tests/NativeProxy.EndToEnd -c Release --no-build --filter "$scenes" >"$log/layered-$engine" 2>&1
    count "NativeProxy.EndToEnd through a layer, engine $engine" "$log/layered-$engine"
done

# Black-box acceptance cases, where they lie beside the checkout. One that this project holds against the RFC stands with its reason in
# tests/accept-exceptions.txt; it counts as skipped, and as failed when it passes after all.
accept=../shared/accept/accept.py

# Cases that fail by chance, and how many more times each is asked: six starts of a round robin over three servers begin at the same one once in 243
# runs; the slow answers of bal-leastconn last 1.5 s by the clock, whatever the machine has to do besides; the relay of arch-18 itself leaves a
# connection open and unread when the number of its descriptor is used again while it polls, in half of the runs and more; bal-ready-connection has
# a worker to itself that gets more than twelve of its twenty requests, once in thousands. One has failed when all fail.
declare -A chances=([bal-rr-start]=2 [bal-leastconn]=2 [arch-18]=40 [bal-ready-connection]=2)

ask_accept() { # engine workers arguments
    local engine=$1 workers=$2
    shift 2
    NATIVEPROXY_WORKERS=$workers NATIVEPROXY_ENGINE=$engine NATIVEPROXY_BIN="$PWD/out/nativeproxy" python3 "$accept" --proxy ours -q "$@" 2>&1
}

again_accept() { # engine workers case
    local try
    for ((try = 0; try < ${chances[$3]:-0}; try++)); do
        if ask_accept "$1" "$2" --case "$3" </dev/null | grep -qE '^ours .*pass=1\b'; then return 0; fi
    done
    return 1
}

run_accept() { # name engine workers arguments
    local name=$1 engine=$2 workers=$3
    shift 3
    ask_accept "$engine" "$workers" "$@" >"$log/accept"
    grep -avE '^ours ' "$log/accept"
    good=$(grep -oE '^ours .*pass=[0-9]+' "$log/accept" | tail -n 1 | grep -oE '[0-9]+$')
    bad=0 excused=0
    while read -r id; do
        if again_accept "$engine" "$workers" "$id"; then
            good=$((good + 1))
        elif grep -qE "^$id " tests/accept-exceptions.txt; then
            excused=$((excused + 1))
        else
            bad=$((bad + 1))
            echo "accept, $name, engine $engine: $(grep -aE "^(FAIL|ERROR) +$id " "$log/accept")" >>"$log/failures"
        fi
    done < <(sed -nE 's/^(FAIL|ERROR) +([^ ]+).*/\2/p' "$log/accept")
    [ -n "$good" ] || bad=$((bad + 1))
    passed=$((passed + ${good:-0})) failed=$((failed + bad)) skipped=$((skipped + excused))
    echo "accept, $name, engine $engine: ${good:-0} passed, $bad failed, $excused excused"
}

# The same for TLS; one case hears nothing by itself when the machine is slow: openssl's client is given 0.3 s for an answer.
accept_tls=../shared/accept_tls/accept_tls.py
for engine in saea epoll; do
    [ -e "$accept_tls" ] && command -v python3 >/dev/null || break
    good=0 bad=0
    NATIVEPROXY_ENGINE=$engine NATIVEPROXY_BIN="$PWD/out/nativeproxy" python3 "$accept_tls" --proxy ours -q >"$log/accept_tls" 2>&1
    grep -avE '^ours ' "$log/accept_tls"
    good=$(grep -oE '^ours .*pass=[0-9]+' "$log/accept_tls" | tail -n 1 | grep -oE '[0-9]+$')
    while read -r id; do
        if [ "$id" = key_update ] && NATIVEPROXY_ENGINE=$engine NATIVEPROXY_BIN="$PWD/out/nativeproxy" \
            python3 "$accept_tls" --proxy ours -q --case key_update </dev/null 2>&1 | grep -qE '^ours .*pass=1\b'; then
            good=$((good + 1))
        else
            bad=$((bad + 1))
            echo "accept, TLS, engine $engine: $(grep -aE "^(FAIL|ERROR) +$id " "$log/accept_tls")" >>"$log/failures"
        fi
    done < <(sed -nE 's/^(FAIL|ERROR) +([^ ]+).*/\2/p' "$log/accept_tls")
    [ -n "$good" ] || bad=$((bad + 1))
    passed=$((passed + ${good:-0})) failed=$((failed + bad))
    echo "accept, TLS, engine $engine: ${good:-0} passed, $bad failed"
done

for engine in saea epoll; do
    [ -e "$accept" ] && command -v python3 >/dev/null || break
    run_accept "connections and messages" $engine 1 -j 2
    unneeded=$(($(grep -cE '^[a-z]' tests/accept-exceptions.txt) - excused))
    if [ "$unneeded" -ne 0 ]; then failed=$((failed + 1)) && echo "test.sh: tests/accept-exceptions.txt names a case that passes"; fi

    # Limits, health and balancing hold whatever the number of workers. Cases that ask for keys which are not there are not applicable.
    for workers in 1 2 4; do
        run_accept "many servers, $workers workers" $engine $workers -j 2 --module m_ --module p_ --module q_ --module r_
        run_accept "routes, rules and traps, $workers workers" $engine $workers -j 3 --module n_ --module o_ --module v_
        run_accept "layer 4 and discovery, $workers workers" $engine $workers -j 3 --module s_ --module u_
        run_accept "recipes, $workers workers" $engine $workers -j 3 --module t_
    done
done
finish
