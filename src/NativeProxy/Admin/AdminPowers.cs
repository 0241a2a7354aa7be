using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Health;

namespace NativeProxy.Admin;

/// <summary>What the operator's endpoint may have done by who runs the proxy. Called on any thread; none of them waits.</summary>
/// <param name="LastCheck">How the last check of a server went; null = there was none.</param>
/// <param name="ServerChanged">A server's state or weight was set on the board, as the line for the log says.</param>
/// <param name="Reload">The configuration is to be read again.</param>
/// <param name="Upgrade">The program is to be started anew, and to take over.</param>
internal sealed record AdminPowers(Func<ServerSlot, LastCheck?> LastCheck, Action<string> ServerChanged, Action Reload, Action Upgrade)
{
    /// <summary>A line for the log.</summary>
    public Action<string> Say { get; init; } = static _ => { };

    /// <summary>From which level on lines of the proxy itself are written.</summary>
    public Func<LogLevel> LogLevel { get; init; } = static () => default;

    /// <summary>They are to be written from this level on, in all processes.</summary>
    public Action<LogLevel> SetLogLevel { get; init; } = static _ => { };

    /// <summary>The process is to stop as SIGTERM stops it.</summary>
    public Action Drain { get; init; } = static () => { };

    /// <summary>
    /// Asks all workers, by a word of <see cref="WorkerQuestion"/> and what belongs to it: an answer of each, empty where none
    /// came in time; null when too many questions wait already.
    /// </summary>
    public Func<string, Task<IReadOnlyList<byte[]>?>> AskWorkers { get; init; } = static _ => Task.FromResult<IReadOnlyList<byte[]>?>([]);
}
