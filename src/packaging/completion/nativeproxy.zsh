#compdef nativeproxy
# Completion of nativeproxy for zsh. A test holds it against `nativeproxy --help`.

_nativeproxy() {
    local -a help=('(- *)'{-\?,-h,--help}'[show help and usage information]')
    local -a file=('(-c --config)'{-c,--config}'[the configuration file]:file:_files')
    local context state line
    local -A opt_args

    _arguments -C $help '(- *)--version[show version information]' '1:command:->command' '*::argument:->argument'
    case $state in
        command)
            local -a commands=(
                'run:start the proxy'
                'check:check a configuration file'
                'probe:ask a server how it keeps connections'
                'status:show how a running proxy is'
                'server:change a server of a running proxy'
                'upgrade:have the program started anew and take over'
                'reload:have a running proxy read its configuration again'
                'errors:show the last refused messages'
                'record:record connections into a file'
                'replay:run recorded connections again'
                'top:watch a running proxy'
                'sessions:list the client connections of a running proxy'
                'session:steer a client connection of a running proxy'
                'drain:have a running proxy finish its exchanges and stop'
                'save:write into the file what operators have set of servers'
                'log:about log lines'
                'demo:start two origins and the proxy in front of them'
                'config:about the configuration file'
                'version:print the version'
            )
            _describe command commands
            ;;
        argument)
            case $line[1] in
                run)
                    _arguments $help $file '--single-process[supervisor and one worker in one process]'
                    ;;
                check)
                    _arguments $help $file \
                        '--full[also try what run would need of this machine]' \
                        '--explain[also say what the configuration means]' \
                        '--url[also say which route takes a request for this URL]:URL:' \
                        '--method[with --url\: its method]:method:(GET HEAD POST PUT PATCH DELETE OPTIONS)' \
                        '*'{-H,--header}'[with --url\: a header line]:line:' \
                        '--client[with --url\: the address of the client]:address:' \
                        '--listener[with --url\: name of the listener]:listener:'
                    ;;
                probe)
                    _arguments $help '1:URL:_urls' \
                        '--idle[how long idle connections are watched]:duration:' \
                        '--timeout[how long one answer may take]:duration:' \
                        '--requests[requests that are tried on one connection]:number:' \
                        '--ca[PEM file with who has signed its certificate]:file:_files' \
                        '--insecure[ask whoever answers, whatever its certificate]'
                    ;;
                status)
                    _arguments $help $file
                    ;;
                server)
                    _arguments $help $file '2:server:' \
                        '1:command:((drain\:"no new clients" limit\:"so many connections" maintenance\:"nobody comes" ready\:"health decides" \
                            weight\:"a part of its weight"))'
                    ;;
                upgrade)
                    _arguments $help $file '--timeout[how long it is waited for]:duration:'
                    ;;
                reload)
                    _arguments $help $file '--wait[until it has ended]' '--timeout[with --wait\: how long]:duration:'
                    ;;
                errors)
                    _arguments $help $file '--side[only of one side]:side:(client server)' '--last[how many, the latest]:number:' \
                        '--save[also save them]:file:_files'
                    ;;
                record)
                    _arguments $help $file '1:record:_files' \
                        '--client[clients of this network]:network:' \
                        '--listener[connections of this listener]:listener:' \
                        '--route[connections with a request that takes this route]:route:' \
                        '--upstream[connections to this upstream]:upstream:' \
                        '--connections[how many]:number:' \
                        '--bytes[how much at most]:size:' \
                        '--time[how long at most]:duration:' \
                        '--bodies[bodies, too]'
                    ;;
                replay)
                    _arguments $help $file '1:record:_files'
                    ;;
                top)
                    _arguments $help $file '--once[one look and no more]' '--interval[from one look to the next]:duration:' \
                        '--sort[by what servers are sorted]:column:(name requests latency queue errors)'
                    ;;
                sessions)
                    _arguments $help $file '--client[only of this address or network]:address:' '--listener[only of this listener]:listener:' \
                        '--server[only at this server or upstream]:server:' '--state[only those that do this]:state:' \
                        '--order[which come first]:order:(newest oldest longest)' '--count[so many at most]:number:' \
                        '--query[show targets with their queries]'
                    ;;
                session)
                    _arguments $help $file '2:id:' '1:command:((end\:"end it with what runs on it"))'
                    ;;
                drain)
                    _arguments $help $file '--wait[until the process has ended]' '--timeout[with --wait\: how long]:duration:'
                    ;;
                save)
                    _arguments $help $file '--dry-run[say what would be written, and write nothing]'
                    ;;
                log)
                    if (( ${words[(I)level]} )); then
                        _arguments $help $file '1:command:' '2:level:(info warn error)'
                    else
                        _arguments $help '1:command:((explain\:"say in words what a line means" level\:"from which level on lines are written"))'
                    fi
                    ;;
                demo)
                    _arguments $help '--port[port of the proxy on 127.0.0.1]:port:' '--tls[the proxy speaks TLS]'
                    ;;
                config)
                    _arguments $help '1:command:((reference\:"print all keys as TOML" schema\:"print the JSON Schema"))'
                    ;;
                version)
                    _arguments $help
                    ;;
            esac
            ;;
    esac
}

_nativeproxy "$@"
