using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Rewriting;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Rewriting;

/// <summary>
/// From the text of a head to that of the outgoing one, as an exchange does it over HTTP/1. Each head is written to a sink without lines as well,
/// which must see the same fields.
/// </summary>
internal static class OutgoingHeads
{
    /// <summary>Nothing is added, so that a test sees what is taken away.</summary>
    public static readonly ListenerForwardedSettings Silent = default(ListenerForwardedSettings) with { Via = "" };

    /// <summary>Those of a listener that says nothing about it.</summary>
    public static readonly ListenerKeepaliveSettings Keepalive = SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Listeners[0].Keepalive;

    /// <summary>A kept connection of an HTTP/1.1 client.</summary>
    public static readonly ConnectionTerms Kept = new() { CloseReason = CloseReason.None, ClientMinorVersion = 1, RequestsLeft = 99 };

    public static string Request(string text, ListenerForwardedSettings settings, string? via = null, bool isProxyRequest = false,
        StickyCookie? cookie = null, long? maxForwards = null, string upgrade = "", bool closes = false)
    {
        byte[] bytes = Wire.Bytes(text);
        ParseOutcome outcome = Wire.Request(text, out RequestHead head);
        Assert.Equal(ParseStatus.Done, outcome.Status);
        Assert.Equal(RejectReason.None, ConnectionHeader.Apply(bytes, head.Fields).Reason);
        var changes = new RequestChanges
        {
            Via = ViaField.Of(via ?? settings.Via),
            Cookie = cookie,
            FallbackHost = "app"u8,
            ClientAddress = "192.0.2.1"u8,
            IsProxyRequest = isProxyRequest,
            MaxForwards = maxForwards,
        };
        byte[] output = new byte[64 * 1024];
        string target = Wire.Text(OriginTarget.Of(bytes, head, output));
        var writer = new HeadWriter(output);
        RequestHeadEncoder.WriteLine(ref writer, Wire.Bytes($"{Wire.Text(head.Method.Of(bytes))} {target}"));
        int lineBytes = writer.WrittenBytes;
        RequestFields.Write(ref writer, bytes, head, outcome.ConsumedBytes, settings, changes);
        var list = new FieldList();
        RequestFields.Write(ref list, bytes, head, outcome.ConsumedBytes, settings, changes);
        Assert.Equal(FieldList.Of(writer.Written[lineBytes..]), list.Fields);
        RequestHeadEncoder.WriteEnd(ref writer, MessageFraming.OfRequest(bytes, head), Wire.Bytes(upgrade), closes);
        Assert.False(writer.Overflowed);
        return Wire.Text(writer.Written);
    }

    public static string Response(string text, ResponseChanges changes, bool emitsChunks = false) =>
        Write(ResponseKind.Final, text, changes, emitsChunks);

    public static string Interim(string text, StickyResponse sticky) => Write(ResponseKind.Interim, text, ChangesOf(sticky));

    public static string Switch(string text, StickyResponse sticky) => Write(ResponseKind.Switch, text, ChangesOf(sticky));

    public static (byte[] Bytes, ResponseHead Head, int HeadEnd) Parse(string text)
    {
        byte[] bytes = Wire.Bytes(text);
        ParseOutcome outcome = Wire.Response(text, out ResponseHead head);
        Assert.Equal(ParseStatus.Done, outcome.Status);
        ConnectionHeader.Apply(bytes, head.Fields);
        return (bytes, head, outcome.ConsumedBytes);
    }

    private static ResponseChanges ChangesOf(StickyResponse sticky) => new() { KeepsLength = false, Sticky = sticky };

    private static string Write(ResponseKind kind, string text, in ResponseChanges changes, bool emitsChunks = false)
    {
        (byte[] bytes, ResponseHead head, int headEnd) = Parse(text);
        var writer = new HeadWriter(new byte[64 * 1024]);
        ResponseHeadEncoder.WriteStatusLine(ref writer, head.StatusCode, head.Reason.Of(bytes));
        int start = writer.WrittenBytes;
        WriteFields(kind, ref writer, bytes, head, headEnd, changes);
        var list = new FieldList();
        WriteFields(kind, ref list, bytes, head, headEnd, changes);
        Assert.Equal(FieldList.Of(writer.Written[start..]), list.Fields);
        if (kind == ResponseKind.Final)
            ResponseHeadEncoder.WriteEnd(ref writer, emitsChunks ? BodyFraming.Chunked : BodyFraming.None, Keepalive, Kept);
        else if (kind == ResponseKind.Switch)
            ResponseHeadEncoder.WriteSwitchEnd(ref writer, head.Fields[head.Fields.FirstIndexOf(KnownHeader.Upgrade)].Value.Of(bytes));
        else
            writer.EndHead();
        return Wire.Text(writer.Written);
    }

    private static void WriteFields<TSink>(
        ResponseKind kind, ref TSink sink, byte[] bytes, ResponseHead head, int headEnd, in ResponseChanges changes)
        where TSink : struct, IFieldSink, allows ref struct
    {
        if (kind == ResponseKind.Final)
            ResponseFields.Write(ref sink, bytes, head, headEnd, changes);
        else if (kind == ResponseKind.Switch)
            ResponseFields.WriteSwitch(ref sink, bytes, head, headEnd, changes);
        else
            ResponseFields.WriteInterim(ref sink, bytes, head, headEnd, changes.Sticky);
    }

    /// <summary>Of which the product writes each in a way of its own.</summary>
    private enum ResponseKind
    {
        Final,
        Interim,
        Switch,
    }
}
