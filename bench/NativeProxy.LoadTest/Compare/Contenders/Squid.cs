using System.Collections.Generic;

namespace NativeProxy.LoadTest.Compare.Contenders;

/// <summary>Squid as a reverse proxy in one process; it stores nothing.</summary>
internal sealed class Squid(string path) : Contender("squid")
{
    /// <summary>Names shared memory, so that a Squid which serves this machine is left alone.</summary>
    private static readonly string ServiceName = "loadtest" + System.Environment.ProcessId;

    public override string Version { get; } = ProgramVersion.Ask(path, "-v");

    public override string Configuration(ContenderSetup setup) => $"""
        http_port {setup.Listen} accel defaultsite=localhost
        cache_peer {setup.Origin.Address} parent {setup.Origin.Port} 0 no-query no-digest originserver name=a
        http_access allow all
        never_direct allow all
        cache deny all
        cache_mem 8 MB
        memory_cache_shared off
        visible_hostname localhost
        via off
        client_persistent_connections on
        server_persistent_connections on
        client_idle_pconn_timeout 75 seconds
        server_idle_pconn_timeout 60 seconds
        pipeline_prefetch 16
        max_filedescriptors {(2 * setup.ConnectionsMax) + 200}
        access_log {(setup.HasAccessLog ? $"stdio:{setup.AccessLogPath} logformat=squid" : "none")}
        buffered_logs on
        cache_log {setup.Folder}/cache.log
        cache_store_log none
        logfile_rotate 0
        pid_filename {setup.Folder}/squid.pid
        coredump_dir {setup.Folder}
        pinger_enable off
        shutdown_lifetime 1 second

        """;

    public override IReadOnlyList<string> Command(ContenderSetup setup) => [path, "-N", "-f", setup.ConfigurationPath, "-n", ServiceName];
}
