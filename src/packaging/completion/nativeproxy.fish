# Completion of nativeproxy for fish. A test holds it against `nativeproxy --help`.

complete -c nativeproxy -f
complete -c nativeproxy -o '?' -s h -l help -d 'Show help and usage information'
complete -c nativeproxy -n __fish_use_subcommand -l version -d 'Show version information'

complete -c nativeproxy -n __fish_use_subcommand -a run -d 'Start the proxy'
complete -c nativeproxy -n __fish_use_subcommand -a check -d 'Check a configuration file'
complete -c nativeproxy -n __fish_use_subcommand -a probe -d 'Ask a server how it keeps connections'
complete -c nativeproxy -n __fish_use_subcommand -a status -d 'Show how a running proxy is'
complete -c nativeproxy -n __fish_use_subcommand -a server -d 'Change a server of a running proxy'
complete -c nativeproxy -n __fish_use_subcommand -a reload -d 'Have a running proxy read its configuration again'
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
complete -c nativeproxy -n '__fish_seen_subcommand_from server' -a maintenance -d 'Nobody comes'
complete -c nativeproxy -n '__fish_seen_subcommand_from server' -a ready -d 'Its health decides again'
complete -c nativeproxy -n '__fish_seen_subcommand_from server' -a weight -d 'Only a part of its weight counts'

complete -c nativeproxy -n '__fish_seen_subcommand_from reload' -s c -l config -r -F -d 'The configuration file'
complete -c nativeproxy -n '__fish_seen_subcommand_from reload' -l wait -d 'Until it has ended'
complete -c nativeproxy -n '__fish_seen_subcommand_from reload' -l timeout -x -d 'With --wait: how long'

complete -c nativeproxy -n '__fish_seen_subcommand_from log' -a explain -d 'Say in words what a line means'

complete -c nativeproxy -n '__fish_seen_subcommand_from demo' -l port -x -d 'Port of the proxy on 127.0.0.1'
complete -c nativeproxy -n '__fish_seen_subcommand_from demo' -l tls -d 'The proxy speaks TLS'

complete -c nativeproxy -n '__fish_seen_subcommand_from config' -a reference -d 'Print all keys as TOML'
complete -c nativeproxy -n '__fish_seen_subcommand_from config' -a schema -d 'Print the JSON Schema'
