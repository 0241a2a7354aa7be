using System;
using System.Collections.Generic;
using NativeProxy.Hosting.Operating;
using NativeProxy.Recording;

namespace NativeProxy.Hosting.Replaying;

/// <summary>
/// What a server said in one use of a connection, as it was recorded: it is said again when the replayed proxy uses a connection to that server, not
/// earlier than it was said. Owner: a <see cref="ReplayRun"/>.
/// </summary>
internal sealed class ServerUse(ReadOnlySpan<byte> facts)
{
    private readonly Queue<Action<ReplayConnection>> _held = [];

    /// <summary>As it may be shown: a file says whatever it likes.</summary>
    public string Upstream { get; } = MessageDump.FirstLine(RecordEntry.ValueOf(facts, "upstream: "u8));

    public string Server { get; } = MessageDump.FirstLine(RecordEntry.ValueOf(facts, "server: "u8));

    /// <summary>Number of the client's connection; 0 = unknown.</summary>
    public long ClientConnection { get; } = RecordEntry.NumberOf(facts, "client_connection: "u8);

    /// <summary>What it carried was not read: a tunnel from its first byte on.</summary>
    public bool IsOpaque { get; } = RecordEntry.NumberOf(facts, "opaque: "u8) == 1;

    /// <summary>The connection of the replay that it is for; null before the proxy uses one.</summary>
    public ReplayConnection? Connection { get; private set; }

    /// <summary>All that was recorded of it has been said.</summary>
    public bool IsOver { get; set; }

    /// <summary>Something that nobody has asked for in the replay.</summary>
    public bool HasUnsaid => _held.Count > 0;

    /// <summary>The proxy uses a connection for it.</summary>
    public void Attach(ReplayConnection connection)
    {
        Connection = connection;
        while (_held.TryDequeue(out Action<ReplayConnection>? said))
            said(connection);
    }

    /// <summary>The server says something now, or when the proxy comes.</summary>
    public void Say(Action<ReplayConnection> said)
    {
        if (Connection is null)
            _held.Enqueue(said);
        else
            said(Connection);
    }
}
