using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Recording;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Http1;

/// <summary>Gives answers that are refused to the flight recorder. Stateless; thread: the loop.</summary>
internal static class RefusedAnswer
{
    /// <param name="user">Whose request it was for.</param>
    /// <param name="connection">On which it came.</param>
    /// <param name="scratch">Its tables are overwritten.</param>
    /// <param name="message">What came. Of a body the place is where it stopped to be sound.</param>
    public static void Record(IServerStreamUser user, UpstreamConnection connection, WireScratch scratch, RefusedMessage message)
    {
        if (connection.Server.Connections.Recorder is not { } recorder || !recorder.Wants(isOfServer: true, message.Reason))
            return;
        ReadOnlySpan<byte> bytes = message.Bytes;
        if (message.Part == MessagePart.Response)
        {
            message.Place = FaultPlace.OfResponse(bytes, scratch.ResponseLimits, scratch.Response, message.Reason);
            message.BeginsWithHead &= connection.UseCount < 2 || !BodyRest.MayBe(bytes, isOfServer: true);
        }
        else if (message.Reason is RejectReason.BadTrailer or RejectReason.TrailerTooLarge)
        {
            message.Place += FaultPlace.OfTrailers(bytes[message.Place..], scratch.Trailers);
        }
        message.Limits = scratch.ResponseLimits;
        message.Error = message.Part == MessagePart.Response ? ProxyError.ServerBadResponse : ProxyError.ServerBadBody;
        user.Describe(ref message.Asker);
        UnaskedBytes.Take(recorder, connection, message);
    }

    /// <summary>Bytes behind an answer that is whole, which nobody has asked for.</summary>
    /// <param name="connection">On which they came.</param>
    /// <param name="surplus">They.</param>
    public static void RecordUnasked(UpstreamConnection connection, ReadOnlySpan<byte> surplus) => UnaskedBytes.Record(connection, surplus);
}
