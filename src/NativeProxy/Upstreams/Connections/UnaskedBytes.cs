using System;
using NativeProxy.Http;
using NativeProxy.Recording;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// Bytes of a server that no request asked for: they would become the answer to the next one, so their connection ends. Gives them to the flight
/// recorder. Stateless; thread: the loop.
/// </summary>
internal static class UnaskedBytes
{
    /// <param name="connection">On which they came.</param>
    /// <param name="bytes">They.</param>
    public static void Record(UpstreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        if (connection.Server.Connections.Recorder is { } recorder && recorder.Wants(isOfServer: true, RejectReason.None))
        {
            bool isMessage = !BodyRest.MayBe(bytes, isOfServer: true);
            Take(recorder, connection, new RefusedMessage { Bytes = bytes, Part = MessagePart.Unasked, BeginsWithHead = isMessage });
        }
    }

    /// <summary>Hands a message of a server over, with what is known of its connection.</summary>
    /// <param name="recorder">Who keeps it.</param>
    /// <param name="connection">On which it came.</param>
    /// <param name="message">It.</param>
    public static void Take(Recorder recorder, UpstreamConnection connection, RefusedMessage message)
    {
        message.ServerConnectionId = connection.Id;
        message.ServerAddress = connection.Tcp?.Peer ?? default;
        message.ServerName = connection.Server.Name;
        message.Asker.Upstream ??= connection.Server.Connections.Upstream;
        recorder.Take(message);
    }
}
