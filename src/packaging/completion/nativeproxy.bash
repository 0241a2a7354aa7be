# Completion of nativeproxy for bash. A test holds it against `nativeproxy --help`.

_nativeproxy() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    local words=""
    COMPREPLY=()

    case "$previous" in
        -c | --config | --ca | --save)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
        --side) words="client server" ;;
        --method) words="GET HEAD POST PUT PATCH DELETE OPTIONS" ;;
        --order) words="newest oldest longest" ;;
        --sort) words="name requests latency queue errors" ;;
        --state) words="idle reading_head reading_body waiting_in_queue waiting_for_connect waiting_for_answer sending_answer tunnel lingering" ;;
        --url | -H | --header | --client | --listener | --idle | --timeout | --requests | --port | --interval | --server | --count) return ;;
        --last | --route | --upstream | --connections | --bytes | --time) return ;;
    esac

    if [ -z "$words" ]; then
        if [ "$COMP_CWORD" -eq 1 ]; then
            words="run check probe status server reload upgrade errors record replay top sessions session drain save log demo config version -? -h --help --version"
        else
            case "$command" in
                run) words="-c --config --single-process -? -h --help" ;;
                check) words="-c --config --full --explain --url --method -H --header --client --listener -? -h --help" ;;
                probe) words="--idle --timeout --requests --ca --insecure -? -h --help" ;;
                status) words="-c --config -? -h --help" ;;
                server)
                    words="-c --config -? -h --help"
                    [ "$COMP_CWORD" -ne 2 ] || words="drain limit maintenance ready weight $words"
                    ;;
                upgrade) words="-c --config --timeout -? -h --help" ;;
                reload) words="-c --config --wait --timeout -? -h --help" ;;
                errors) words="-c --config --side --last --save -? -h --help" ;;
                record) words="-c --config --client --listener --route --upstream --connections --bytes --time --bodies -? -h --help" ;;
                replay) words="-c --config -? -h --help" ;;
                top) words="-c --config --once --interval --sort -? -h --help" ;;
                sessions) words="-c --config --client --listener --server --state --order --count --query -? -h --help" ;;
                session)
                    words="-c --config -? -h --help"
                    [ "$COMP_CWORD" -ne 2 ] || words="end $words"
                    ;;
                drain) words="-c --config --wait --timeout -? -h --help" ;;
                save) words="-c --config --dry-run -? -h --help" ;;
                log)
                    words="-? -h --help"
                    [ "$COMP_CWORD" -ne 2 ] || words="explain level $words"
                    [ "${COMP_WORDS[2]}" != level ] || words="-c --config $words"
                    ;;
                demo) words="--port --tls -? -h --help" ;;
                config)
                    words="-? -h --help"
                    [ "$COMP_CWORD" -ne 2 ] || words="reference schema $words"
                    ;;
                version) words="-? -h --help" ;;
            esac
        fi
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _nativeproxy nativeproxy
