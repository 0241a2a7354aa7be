# Completion of nativeproxy for fish. A test holds it against `nativeproxy --help`.

complete -c nativeproxy -f
complete -c nativeproxy -o '?' -s h -l help -d 'Show help and usage information'
complete -c nativeproxy -n __fish_use_subcommand -l version -d 'Show version information'

complete -c nativeproxy -n __fish_use_subcommand -a run -d 'Start the proxy'
complete -c nativeproxy -n __fish_use_subcommand -a check -d 'Check a configuration file'
complete -c nativeproxy -n __fish_use_subcommand -a probe -d 'Ask a server how it keeps connections'
complete -c nativeproxy -n __fish_use_subcommand -a status -d 'Show how a running proxy is'
complete -c nativeproxy -n __fish_use_subcommand -a server -d 'Change a server of a running proxy'
complete -c nativeproxy -n __fish_use_subcommand -a upgrade -d 'Have the program started anew and take over'
complete -c nativeproxy -n __fish_use_subcommand -a reload -d 'Have a running proxy read its configuration again'
complete -c nativeproxy -n __fish_use_subcommand -a errors -d 'Show the last refused messages'
complete -c nativeproxy -n __fish_use_subcommand -a record -d 'Record connections into a file'
complete -c nativeproxy -n __fish_use_subcommand -a replay -d 'Run recorded connections again'
complete -c nativeproxy -n __fish_use_subcommand -a top -d 'Watch a running proxy'
complete -c nativeproxy -n __fish_use_subcommand -a sessions -d 'List the client connections of a running proxy'
complete -c nativeproxy -n __fish_use_subcommand -a session -d 'Steer a client connection of a running proxy'
complete -c nativeproxy -n __fish_use_subcommand -a drain -d 'Have a running proxy finish its exchanges and stop'
complete -c nativeproxy -n __fish_use_subcommand -a save -d 'Write into the file what operators have set of servers'
complete -c nativeproxy -n __fish_use_subcommand -a log -d 'About log lines'
complete -c nativeproxy -n __fish_use_subcommand -a demo -d 'Start two origins and the proxy in front of them'
complete -c nativeproxy -n __fish_use_subcommand -a config -d 'About the configuration file'
complete -c nativeproxy -n __fish_use_subcommand -a version -d 'Print the version'

complete -c nativeproxy -n '__fish_seen_subcommand_from run' -s c -l config -r -F -d 'The configuration file'
complete -c nativeproxy -n '__fish_seen_subcommand_from run' -l single-process -d 'Supervisor and one worker in one process'

complete -c nativeproxy -n '__fish_seen_subcommand_from check' -s c -l config -r -F -d 'The configuration file'
complete -c nativeproxy -n '__fish_seen_subcommand_from check' -l full -d 'Also try what run would need of this machine'
complete -c nativeproxy -n '__fish_seen_subcommand_from check' -l explain -d 'Also say what the configuration means'
complete -c nativeproxy -n '__fish_seen_subcommand_from check' -l url -x -d 'Also say which route takes a request for this URL'
complete -c nativeproxy -n '__fish_seen_subcommand_from check' -l method -x -a 'GET HEAD POST PUT PATCH DELETE OPTIONS' -d 'With --url: its method'
complete -c nativeproxy -n '__fish_seen_subcommand_from check' -s H -l header -x -d 'With --url: a header line'
complete -c nativeproxy -n '__fish_seen_subcommand_from check' -l client -x -d 'With --url: the address of the client'
complete -c nativeproxy -n '__fish_seen_subcommand_from check' -l listener -x -d 'With --url: name of the listener'

complete -c nativeproxy -n '__fish_seen_subcommand_from probe' -l idle -x -d 'How long idle connections are watched'
complete -c nativeproxy -n '__fish_seen_subcommand_from probe' -l timeout -x -d 'How long one answer may take'
complete -c nativeproxy -n '__fish_seen_subcommand_from probe' -l requests -x -d 'Requests that are tried on one connection'
complete -c nativeproxy -n '__fish_seen_subcommand_from probe' -l ca -r -F -d 'PEM file with who has signed its certificate'
complete -c nativeproxy -n '__fish_seen_subcommand_from probe' -l insecure -d 'Ask whoever answers, whatever its certificate'

complete -c nativeproxy -n '__fish_seen_subcommand_from status' -s c -l config -r -F -d 'The configuration file'

complete -c nativeproxy -n '__fish_seen_subcommand_from server' -s c -l config -r -F -d 'The configuration file'
complete -c nativeproxy -n '__fish_seen_subcommand_from server' -a drain -d 'No new clients'
complete -c nativeproxy -n '__fish_seen_subcommand_from server' -a limit -d 'So many connections at most'
complete -c nativeproxy -n '__fish_seen_subcommand_from server' -a maintenance -d 'Nobody comes'
complete -c nativeproxy -n '__fish_seen_subcommand_from server' -a ready -d 'Its health decides again'
complete -c nativeproxy -n '__fish_seen_subcommand_from server' -a weight -d 'Only a part of its weight counts'

complete -c nativeproxy -n '__fish_seen_subcommand_from upgrade' -s c -l config -r -F -d 'The configuration file'
complete -c nativeproxy -n '__fish_seen_subcommand_from upgrade' -l timeout -x -d 'How long it is waited for'
complete -c nativeproxy -n '__fish_seen_subcommand_from reload' -s c -l config -r -F -d 'The configuration file'
complete -c nativeproxy -n '__fish_seen_subcommand_from reload' -l wait -d 'Until it has ended'
complete -c nativeproxy -n '__fish_seen_subcommand_from reload' -l timeout -x -d 'With --wait: how long'

complete -c nativeproxy -n '__fish_seen_subcommand_from errors' -s c -l config -r -F -d 'The configuration file'
complete -c nativeproxy -n '__fish_seen_subcommand_from errors' -l side -x -a 'client server' -d 'Only of one side'
complete -c nativeproxy -n '__fish_seen_subcommand_from errors' -l last -x -d 'How many, the latest'
complete -c nativeproxy -n '__fish_seen_subcommand_from errors' -l save -r -F -d 'Also save them'

complete -c nativeproxy -n '__fish_seen_subcommand_from record' -F
complete -c nativeproxy -n '__fish_seen_subcommand_from record' -s c -l config -r -F -d 'The configuration file'
complete -c nativeproxy -n '__fish_seen_subcommand_from record' -l client -x -d 'Clients of this network'
complete -c nativeproxy -n '__fish_seen_subcommand_from record' -l listener -x -d 'Connections of this listener'
complete -c nativeproxy -n '__fish_seen_subcommand_from record' -l route -x -d 'Connections with a request that takes this route'
complete -c nativeproxy -n '__fish_seen_subcommand_from record' -l upstream -x -d 'Connections to this upstream'
complete -c nativeproxy -n '__fish_seen_subcommand_from record' -l connections -x -d 'How many'
complete -c nativeproxy -n '__fish_seen_subcommand_from record' -l bytes -x -d 'How much at most'
complete -c nativeproxy -n '__fish_seen_subcommand_from record' -l time -x -d 'How long at most'
complete -c nativeproxy -n '__fish_seen_subcommand_from record' -l bodies -d 'Bodies, too'

complete -c nativeproxy -n '__fish_seen_subcommand_from replay' -F
complete -c nativeproxy -n '__fish_seen_subcommand_from replay' -s c -l config -r -F -d 'The configuration file'

complete -c nativeproxy -n '__fish_seen_subcommand_from top' -s c -l config -r -F -d 'The configuration file'
complete -c nativeproxy -n '__fish_seen_subcommand_from top' -l once -d 'One look and no more'
complete -c nativeproxy -n '__fish_seen_subcommand_from top' -l interval -x -d 'From one look to the next'
complete -c nativeproxy -n '__fish_seen_subcommand_from top' -l sort -x -a 'name requests latency queue errors' -d 'By what servers are sorted'

complete -c nativeproxy -n '__fish_seen_subcommand_from sessions' -s c -l config -r -F -d 'The configuration file'
complete -c nativeproxy -n '__fish_seen_subcommand_from sessions' -l client -x -d 'Only of this address or network'
complete -c nativeproxy -n '__fish_seen_subcommand_from sessions' -l listener -x -d 'Only of this listener'
complete -c nativeproxy -n '__fish_seen_subcommand_from sessions' -l server -x -d 'Only at this server or upstream'
complete -c nativeproxy -n '__fish_seen_subcommand_from sessions' -l state -x -d 'Only those that do this'
complete -c nativeproxy -n '__fish_seen_subcommand_from sessions' -l order -x -a 'newest oldest longest' -d 'Which come first'
complete -c nativeproxy -n '__fish_seen_subcommand_from sessions' -l count -x -d 'So many at most'
complete -c nativeproxy -n '__fish_seen_subcommand_from sessions' -l query -d 'Show targets with their queries'

complete -c nativeproxy -n '__fish_seen_subcommand_from session' -s c -l config -r -F -d 'The configuration file'
complete -c nativeproxy -n '__fish_seen_subcommand_from session' -a end -d 'End it, with what runs on it'

complete -c nativeproxy -n '__fish_seen_subcommand_from drain' -s c -l config -r -F -d 'The configuration file'
complete -c nativeproxy -n '__fish_seen_subcommand_from drain' -l wait -d 'Until the process has ended'
complete -c nativeproxy -n '__fish_seen_subcommand_from drain' -l timeout -x -d 'With --wait: how long'
complete -c nativeproxy -n '__fish_seen_subcommand_from save' -s c -l config -r -F -d 'The configuration file'
complete -c nativeproxy -n '__fish_seen_subcommand_from save' -l dry-run -d 'Say what would be written, and write nothing'

complete -c nativeproxy -n '__fish_seen_subcommand_from log' -a explain -d 'Say in words what a line means'
complete -c nativeproxy -n '__fish_seen_subcommand_from log' -a level -d 'From which level on a running proxy writes lines of its own'
complete -c nativeproxy -n '__fish_seen_subcommand_from log; and __fish_seen_subcommand_from level' -s c -l config -r -F -d 'The configuration file'
complete -c nativeproxy -n '__fish_seen_subcommand_from log; and __fish_seen_subcommand_from level' -a 'info warn error'

complete -c nativeproxy -n '__fish_seen_subcommand_from demo' -l port -x -d 'Port of the proxy on 127.0.0.1'
complete -c nativeproxy -n '__fish_seen_subcommand_from demo' -l tls -d 'The proxy speaks TLS'

complete -c nativeproxy -n '__fish_seen_subcommand_from config' -a reference -d 'Print all keys as TOML'
complete -c nativeproxy -n '__fish_seen_subcommand_from config' -a schema -d 'Print the JSON Schema'
