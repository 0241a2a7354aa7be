using System;
using System.Buffers;
using System.Collections.Generic;

namespace NativeProxy.Recording;

/// <summary>
/// What comes out of the rings of a recording, made ready to be given away: see <see cref="RecordedStream"/>. Any thread, one at a time. Holds a
/// connection until it is over; their number is bounded by the recording's.
/// </summary>
/// <param name="redaction">What is hidden.</param>
/// <param name="hasBodies">Bodies are wanted.</param>
internal sealed class RecordedConnections(Redaction redaction, bool hasBodies)
{
    private readonly Dictionary<long, Pair> _connections = [];

    /// <summary>Writes what may be shown of these entries.</summary>
    /// <param name="entries">Of one ring.</param>
    /// <param name="output">Takes entries.</param>
    public void Take(ReadOnlySpan<byte> entries, ArrayBufferWriter<byte> output)
    {
        while (RecordEntry.TryRead(ref entries, out RecordEntry entry))
        {
            if (entry.Kind == RecordKind.Open)
                _connections[entry.Connection] = new Pair(entry.Payload, redaction, hasBodies);
            if (entry.Kind != RecordKind.Bytes)
                entry.WriteTo(output);
            else if (_connections.TryGetValue(entry.Connection, out Pair? pair))
                pair.Of(entry).Take(entry, output);
            if (entry.Kind is RecordKind.Over or RecordKind.Lost)
                _connections.Remove(entry.Connection);
        }
    }

    /// <summary>Both directions of a connection.</summary>
    private sealed class Pair
    {
        private readonly RecordedStream _requests;
        private readonly RecordedStream _responses;

        public Pair(ReadOnlySpan<byte> facts, Redaction redaction, bool hasBodies)
        {
            bool isUsed = RecordEntry.NumberOf(facts, "requests: "u8) > 0 || RecordEntry.NumberOf(facts, "use: "u8) > 1;
            var talk = new RecordedTalk(isOpaque: RecordEntry.NumberOf(facts, "opaque: "u8) == 1);
            _requests = new RecordedStream(isRequests: true, talk, isUsed, redaction, hasBodies);
            _responses = new RecordedStream(isRequests: false, talk, isUsed, redaction, hasBodies);
        }

        /// <summary>The direction of an entry: a client sends requests, a server is sent them.</summary>
        public RecordedStream Of(in RecordEntry entry) =>
            (entry.Direction == RecordDirection.FromPeer) != entry.IsOfServer ? _requests : _responses;
    }
}
