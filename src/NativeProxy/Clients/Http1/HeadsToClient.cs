using System;
using NativeProxy.Config;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Rewriting;

namespace NativeProxy.Clients.Http1;

/// <summary>
/// Writes whole response heads in HTTP/1's words: status line, the fields that pass, framing, Connection. Pure: spans in, bytes out.
/// </summary>
internal static class HeadsToClient
{
    /// <summary>An interim response. Returns its length; 0 when it does not fit.</summary>
    public static int WriteInterim(Span<byte> room, ReadOnlySpan<byte> bytes, ResponseHead head, in StickyResponse sticky)
    {
        var writer = new HeadWriter(room);
        ResponseHeadEncoder.WriteStatusLine(ref writer, head.StatusCode, head.Reason.Of(bytes));
        ResponseFields.WriteInterim(ref writer, bytes, head, bytes.Length, sticky);
        writer.EndHead();
        return writer.Overflowed ? 0 : writer.WrittenBytes;
    }

    /// <summary>A final response. Returns its length; 0 when it does not fit.</summary>
    public static int WriteFinal(Span<byte> room, ReadOnlySpan<byte> bytes, ResponseHead head, in ResponseChanges changes, bool emitsChunks,
        in ListenerKeepaliveSettings keepalive, in ConnectionTerms terms)
    {
        var writer = new HeadWriter(room);
        ResponseHeadEncoder.WriteStatusLine(ref writer, head.StatusCode, head.Reason.Of(bytes));
        ResponseFields.Write(ref writer, bytes, head, bytes.Length, changes);
        ResponseHeadEncoder.WriteEnd(ref writer, emitsChunks ? BodyFraming.Chunked : BodyFraming.None, keepalive, terms);
        return writer.Overflowed ? 0 : writer.WrittenBytes;
    }

    /// <summary>A 101 that was asked for. Returns its length; 0 when it does not fit.</summary>
    public static int WriteSwitch(Span<byte> room, ReadOnlySpan<byte> bytes, ResponseHead head, in ResponseChanges changes)
    {
        var writer = new HeadWriter(room);
        ResponseHeadEncoder.WriteStatusLine(ref writer, head.StatusCode, head.Reason.Of(bytes));
        ResponseFields.WriteSwitch(ref writer, bytes, head, bytes.Length, changes);
        ResponseHeadEncoder.WriteSwitchEnd(ref writer, head.Fields[head.Fields.FirstIndexOf(KnownHeader.Upgrade)].Value.Of(bytes));
        return writer.Overflowed ? 0 : writer.WrittenBytes;
    }

    /// <summary>The whole answer to a request that may not be forwarded any more. Empty when it does not fit.</summary>
    public static ReadOnlySpan<byte> WriteAsLast(
        Frontend frontend, ReadOnlySpan<byte> bytes, RequestHead head, OwnFields? own, in ConnectionTerms terms)
    {
        var writer = new HeadWriter(frontend.Scratch.Output);
        ResponseHeadEncoder.WriteStatusLine(ref writer, FinalRecipientReply.StatusCode, ReasonPhrases.Of(FinalRecipientReply.StatusCode));
        FinalRecipientReply.WriteFields(ref writer, head.MethodKind, frontend.Loop.Date.Now, frontend.Service.AllowedMethods);
        own?.Write(ref writer);
        ResponseHeadEncoder.WriteEnd(ref writer, BodyFraming.Length(FinalRecipientReply.BodyBytes(head)), frontend.Keepalive, terms);
        FinalRecipientReply.WriteBody(ref writer, bytes, head);
        return writer.Overflowed ? default : writer.Written;
    }
}
