using System.Runtime.CompilerServices;
using System;
using NativeProxy.Config;
using NativeProxy.Http;

namespace NativeProxy.Rewriting;

/// <summary>What is to be written into an outgoing request head besides the client's own fields.</summary>
internal readonly ref struct RequestChanges
{
    /// <summary>What Via says, or null for none.</summary>
    public required ViaField? Via { get; init; }

    /// <summary>The stickiness cookie of the upstream, or null.</summary>
    public required StickyCookie? Cookie { get; init; }

    /// <summary>Host for a request that came without one (HTTP/1.0): the name of the upstream, as nginx does.</summary>
    public required ReadOnlySpan<byte> FallbackHost { get; init; }

    /// <summary>Host instead of the client's; empty when that one stays.</summary>
    public ReadOnlySpan<byte> Host { get; init; }

    /// <summary>None: it is written when a server is chosen.</summary>
    public bool OmitsHost { get; init; }

    /// <summary>The client's does not stay.</summary>
    public bool ReplacesHost => OmitsHost || !Host.IsEmpty;

    /// <summary>Lines that rules add, behind the client's own fields and in front of the proxy's.</summary>
    public ReadOnlySpan<byte> AddedLines { get; init; }

    /// <summary>Text of the client's address.</summary>
    public required ReadOnlySpan<byte> ClientAddress { get; init; }

    /// <summary>The client speaks to a forward proxy: its credentials for the proxy are not for the server (RFC 9110 11.7.2).</summary>
    public bool IsProxyRequest { get; init; }

    /// <summary>How many times the request may be forwarded behind this proxy, or null when it does not say (RFC 9110 7.6.2).</summary>
    public long? MaxForwards { get; init; }
}

/// <summary>
/// Writes the fields of a request head for the server: Host, the client's own without those that are hop-by-hop or nominated, Max-Forwards,
/// X-Forwarded-* and Via as configured (RFC 9110 7.6.1 to 7.6.3). Request line, framing and Connection are not among them: they are the wire's.
/// Pure: spans in, fields out.
/// </summary>
internal static class RequestFields
{
    /// <summary>
    /// Where none of these is there, and the target is no absolute one, the lines pass as they are; but for the cookie of stickiness.
    /// </summary>
    private const ulong PerhapsChanged = KnownHeaders.HopByHopSet | (1UL << (int)KnownHeader.ContentLength) | (1UL << (int)KnownHeader.Expect)
        | (1UL << (int)KnownHeader.MaxForwards) | (1UL << (int)KnownHeader.ProxyAuthorization) | (1UL << (int)KnownHeader.XForwardedFor)
        | (1UL << (int)KnownHeader.XForwardedProto) | (1UL << (int)KnownHeader.XForwardedHost) | (1UL << (int)KnownHeader.Forwarded);

    /// <summary>Writes them all.</summary>
    /// <param name="sink">Where to.</param>
    /// <param name="bytes">The span that the head's ranges count from.</param>
    /// <param name="head">The request.</param>
    /// <param name="headEnd">Index behind the blank line that ends the head.</param>
    /// <param name="settings">What the listener says about forwarded fields.</param>
    /// <param name="changes">What is written besides the client's own.</param>
    public static void Write<TSink>(
        ref TSink sink, ReadOnlySpan<byte> bytes, RequestHead head, int headEnd, in ListenerForwardedSettings settings, in RequestChanges changes)
        where TSink : struct, IFieldSink, allows ref struct
    {
        if (!changes.OmitsHost)
            WriteHost(ref sink, bytes, head, changes);
        CopyFields(ref sink, bytes, head, headEnd, settings, changes);
        if (changes.MaxForwards is { } left)
        {
            sink.BeginField("Max-Forwards"u8);
            sink.AppendDecimal(left);
            sink.EndField();
        }
        if (!changes.AddedLines.IsEmpty)
            sink.AppendLines(changes.AddedLines);
        if (head.Verdict is { } verdict)
            ForwardedFields.Write(ref sink, bytes, head, verdict, settings);
        else
            WriteForwarded(ref sink, bytes, head, settings, changes);
        if (head.User is { Field.IsEmpty: false } user)
            sink.AppendField(user.Field, user.Name);
        if (head.Trace is { } trace)
            WriteTrace(ref sink, trace);
        if (changes.Via is { } via)
            sink.AppendField("Via"u8, via.ValueOf(head.Version));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteHost<TSink>(ref TSink sink, ReadOnlySpan<byte> bytes, RequestHead head, in RequestChanges changes)
        where TSink : struct, IFieldSink, allows ref struct
    {
        if (!changes.Host.IsEmpty)
            sink.AppendField("Host"u8, changes.Host);
        else if (head.Form == TargetForm.Absolute)
            sink.AppendField("Host"u8, head.Authority.Of(bytes));
        else if (head.Host.IsEmpty && !head.Fields.Contains(KnownHeader.Host))
            sink.AppendField("Host"u8, changes.FallbackHost);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyFields<TSink>(
        ref TSink sink, ReadOnlySpan<byte> bytes, RequestHead head, int headEnd, in ListenerForwardedSettings settings, in RequestChanges changes)
        where TSink : struct, IFieldSink, allows ref struct
    {
        var copy = new FieldCopy(bytes, head.Fields, headEnd);
        bool hasChanges = head.Form == TargetForm.Absolute || changes.ReplacesHost
            || head.Fields.HasDropped || head.Fields.ContainsAny(PerhapsChanged)
            || (changes.Cookie is not null && head.Fields.Contains(KnownHeader.Cookie));
        for (int i = 0; hasChanges && i < head.Fields.Count; i++)
        {
            ref HeaderField field = ref head.Fields[i];
            if (field.IsHopByHop || IsReplaced(field.Known, head, settings) || (field.Known == KnownHeader.Host && changes.ReplacesHost)
                || (changes.IsProxyRequest && field.Known == KnownHeader.ProxyAuthorization))
            {
                copy.CopyUpTo(i, ref sink);
            }
            else if (StickyRequest.Changes(bytes, field, changes.Cookie))
            {
                copy.CopyUpTo(i, ref sink);
                StickyRequest.WriteField(ref sink, bytes, field, changes.Cookie!);
            }
        }
        copy.CopyRest(ref sink);
    }

    private static bool IsReplaced(KnownHeader known, RequestHead head, in ListenerForwardedSettings settings) => known switch
    {
        KnownHeader.None => false,
        KnownHeader.ContentLength or KnownHeader.TransferEncoding => true,
        KnownHeader.Host => head.Form == TargetForm.Absolute,
        KnownHeader.Expect => head.Version == HttpVersion.Http10,
        KnownHeader.MaxForwards => head.MethodKind is HttpMethod.Options or HttpMethod.Trace,
        KnownHeader.XForwardedFor => settings.XForwardedFor == true,
        KnownHeader.XForwardedProto => settings.XForwardedProto == true,
        KnownHeader.XForwardedHost => settings.XForwardedHost == true,
        KnownHeader.Forwarded => settings.Forwarded,
        _ => false,
    };

    private static void WriteTrace<TSink>(ref TSink sink, RequestTrace trace)
        where TSink : struct, IFieldSink, allows ref struct
    {
        if (!trace.RequestId.IsEmpty)
            sink.AppendField(trace.RequestIdName, trace.RequestId);
        if (!trace.TraceParent.IsEmpty)
            sink.AppendField("traceparent"u8, trace.TraceParent);
    }

    /// <summary>What is said of a client that is whoever is at the other end of its connection.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteForwarded<TSink>(
        ref TSink sink, ReadOnlySpan<byte> bytes, RequestHead head, in ListenerForwardedSettings settings, in RequestChanges changes)
        where TSink : struct, IFieldSink, allows ref struct
    {
        if (settings.XForwardedFor == true)
            WriteForwardedFor(ref sink, bytes, head.Fields, changes.ClientAddress);
        if (settings.XForwardedProto == true)
            sink.AppendField("X-Forwarded-Proto"u8, "http"u8);
        ReadOnlySpan<byte> host = head.Form == TargetForm.Absolute ? head.Authority.Of(bytes) : head.Host.Of(bytes);
        if (settings.XForwardedHost == true && !host.IsEmpty)
            sink.AppendField("X-Forwarded-Host"u8, host);
    }

    /// <summary>The received list, whichever lines it came in, with the client's address behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteForwardedFor<TSink>(
        ref TSink sink, ReadOnlySpan<byte> bytes, HeaderTable fields, ReadOnlySpan<byte> clientAddress)
        where TSink : struct, IFieldSink, allows ref struct
    {
        if (!fields.Contains(KnownHeader.XForwardedFor))
        {
            sink.AppendField("X-Forwarded-For"u8, clientAddress);
            return;
        }
        sink.BeginField("X-Forwarded-For"u8);
        for (int i = fields.FirstIndexOf(KnownHeader.XForwardedFor); i >= 0; i = fields.NextIndexOf(KnownHeader.XForwardedFor, i))
        {
            if (fields[i].IsHopByHop || fields[i].Value.IsEmpty)
                continue;
            sink.AppendValue(fields[i].Value.Of(bytes));
            sink.AppendValue(", "u8);
        }
        sink.AppendValue(clientAddress);
        sink.EndField();
    }
}
