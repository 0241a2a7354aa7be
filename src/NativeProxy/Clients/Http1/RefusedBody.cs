using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Recording;

namespace NativeProxy.Clients.Http1;

/// <summary>Gives a request whose body is refused to the flight recorder. Stateless; thread: the loop.</summary>
internal static class RefusedBody
{
    /// <param name="stream">Whose request it is.</param>
    /// <param name="bytes">What has come last: of the body, or with the head before it.</param>
    /// <param name="headBytes">Length of the head; 0 = it has come before.</param>
    /// <param name="used">How many bytes behind the head were sound.</param>
    /// <param name="fault">What is wrong.</param>
    public static void Record(Http1ClientStream stream, ReadOnlySpan<byte> bytes, int headBytes, int used, RejectReason fault)
    {
        Frontend frontend = stream.Connection.Frontend;
        if (frontend.Recorder is not { } recorder || !recorder.Wants(isOfServer: false, fault))
            return;
        AskerFacts asker = RecordedAsker.On(stream.Connection, stream.Client);
        asker.RequestNumber = stream.RequestNumber;
        stream.User.Describe(ref asker);
        int place = headBytes + used;
        if (fault is RejectReason.BadTrailer or RejectReason.TrailerTooLarge)
            place += FaultPlace.OfTrailers(bytes[place..], frontend.Scratch.Trailers);
        recorder.Take(new RefusedMessage
        {
            Bytes = bytes,
            Place = place,
            Part = MessagePart.RequestBody,
            BeginsWithHead = headBytes > 0,
            Reason = fault,
            Error = ProxyError.BadRequest,
            Limits = frontend.HeadLimits,
            Method = stream.Facts.Method,
            Asker = asker,
        });
    }
}
