using System;
using System.Buffers;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Http;

namespace NativeProxy.Tracing;

/// <summary>
/// What a listener says of the names of requests: keeps or makes an id, continues or begins a trace, and takes from the head what came of both, so
/// that the proxy's own stand there alone. Owner: who serves the listener's requests; thread: the loop. Never writes a field.
/// </summary>
internal sealed class TraceRules
{
    private static readonly SearchValues<byte> IdBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/+=@|"u8);

    private readonly ListenerTraceSettings _settings;
    private readonly byte[] _idName;
    private readonly RandomText _random = new();

    /// <summary>Traces that began here since the last one that was sampled.</summary>
    private int _begunCount;

    /// <summary>Where proxies are named that are trusted, an id of others is not kept.</summary>
    private readonly bool _keepsOnlyTrusted;

    private TraceRules(in ListenerSettings settings)
    {
        _settings = settings.Trace;
        _idName = Encoding.ASCII.GetBytes(_settings.RequestIdHeader);
        _keepsOnlyTrusted = !settings.Forwarded.Trusted.IsDefaultOrEmpty;
    }

    /// <summary>Those of a listener; null when it leaves requests as they are.</summary>
    /// <param name="settings">Those of the listener.</param>
    public static TraceRules? Of(in ListenerSettings settings) =>
        settings.Trace.RequestId == RequestIdPolicy.Off && settings.Trace.TraceParent == TraceParentPolicy.Pass ? null : new TraceRules(settings);

    /// <summary>Names a request.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it; fields that came of an id or a trace are erased.</param>
    /// <param name="trace">Takes the names.</param>
    public void Begin(ReadOnlySpan<byte> bytes, RequestHead head, RequestTrace trace)
    {
        trace.Begin(_idName, _settings.RequestIdResponse && _settings.RequestId != RequestIdPolicy.Off);
        if (_settings.RequestId != RequestIdPolicy.Off)
            GiveId(bytes, head, trace);
        if (_settings.TraceParent != TraceParentPolicy.Pass)
            GiveTrace(bytes, head.Fields, trace);
    }

    /// <summary>What the server answers in this field is not the id of the request.</summary>
    public static void DropId(ReadOnlySpan<byte> bytes, HeaderTable fields, RequestTrace trace)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            if (AsciiBytes.EqualsIgnoreCase(fields[i].Name.Of(bytes), trace.RequestIdName))
                fields.Drop(i);
        }
    }

    /// <summary>An id is kept if it is the only one, and of letters that no log and no server reads in two ways.</summary>
    private void GiveId(ReadOnlySpan<byte> bytes, RequestHead head, RequestTrace trace)
    {
        ReadOnlySpan<byte> received = TakeOnly(bytes, head.Fields, _idName);
        bool isKept = _settings.RequestId == RequestIdPolicy.Keep && received.Length is > 0 and <= RequestTrace.RequestIdBytesMax
            && !received.ContainsAnyExcept(IdBytes) && (!_keepsOnlyTrusted || head.Verdict is { IsTrusted: true });
        if (isKept)
            received.CopyTo(trace.RoomForRequestId(received.Length));
        else
            _random.WriteId(trace.RoomForRequestId(RandomText.IdLetters));
    }

    private void GiveTrace(ReadOnlySpan<byte> bytes, HeaderTable fields, RequestTrace trace)
    {
        ReadOnlySpan<byte> received = TakeOnly(bytes, fields, "traceparent"u8);
        bool isContinued = _settings.TraceParent == TraceParentPolicy.Create && TraceParentText.IsValid(received);
        if (!isContinued)
            TakeOnly(bytes, fields, "tracestate"u8);
        if (isContinued)
        {
            TraceParentText.ParentOf(received).CopyTo(trace.RoomForCallerSpan());
            TraceParentText.Continue(trace.RoomForTraceParent(), received, _random);
        }
        else if (_settings.TraceParent == TraceParentPolicy.Create)
        {
            TraceParentText.Create(trace.RoomForTraceParent(), _random, IsSampled());
        }
    }

    /// <summary>Of those that begin here the first one, and then each so manieth.</summary>
    private bool IsSampled()
    {
        bool isSampled = _begunCount == 0;
        _begunCount = _begunCount + 1 >= _settings.Sample ? 0 : _begunCount + 1;
        return isSampled;
    }

    /// <summary>Erases the lines of a name, and of names that some server takes for it. Returns the value if there was one that goes on.</summary>
    private static ReadOnlySpan<byte> TakeOnly(ReadOnlySpan<byte> bytes, HeaderTable fields, ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> value = default;
        int count = 0;
        for (int i = 0; i < fields.Count; i++)
        {
            ref HeaderField field = ref fields[i];
            ReadOnlySpan<byte> one = field.Name.Of(bytes);
            if (!CgiName.AreAlike(one, name))
                continue;
            count += AsciiBytes.EqualsIgnoreCase(one, name) ? 1 : 0;
            if (!field.IsNominated && AsciiBytes.EqualsIgnoreCase(one, name))
                value = field.Value.Of(bytes);
            fields.Erase(i);
        }
        return count == 1 ? value : default;
    }
}
