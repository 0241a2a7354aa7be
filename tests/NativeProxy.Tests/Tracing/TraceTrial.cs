using NativeProxy.Claims;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Rewriting;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Http1;
using NativeProxy.Tracing;
using Xunit;

namespace NativeProxy.Tests.Tracing;

/// <summary>The names that requests of a listener get, from the text of its table to what its server is told.</summary>
internal sealed class TraceTrial
{
    private readonly ListenerSettings _listener;
    private readonly TraceRules? _rules;
    private readonly RequestTrace _trace = new();

    /// <param name="lines">Lines of the listener's table.</param>
    public TraceTrial(string lines)
    {
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.WithListener(lines));
        Assert.Empty(result.Errors);
        _listener = result.Settings.Listeners[0];
        _rules = TraceRules.Of(_listener);
    }

    /// <summary>Requests are left as they are.</summary>
    public bool NamesNothing => _rules is null;

    /// <summary>The names of the latest request.</summary>
    public RequestTrace Trace => _trace;

    /// <summary>What the server gets, from the first of the proxy's own fields on, or all of the client's own too.</summary>
    /// <param name="peer">Who sends it.</param>
    /// <param name="lines">What else is in its head.</param>
    public string Send(string peer, params string[] lines)
    {
        string text = Wire.Get(lines);
        byte[] bytes = Wire.Bytes(text);
        Assert.Equal(ParseStatus.Done, Wire.Request(text, out RequestHead head).Status);
        ConnectionHeader.Apply(bytes, head.Fields);
        head.Verdict = ClientClaims.Of(_listener)?.Judge(
            bytes, head.Fields, PeerAddress.Of(System.Net.IPAddress.Parse(peer), 1), local: default, isHttps: false);
        head.Trace = _rules is null ? null : _trace;
        _rules?.Begin(bytes, head, _trace);
        var writer = new HeadWriter(new byte[16 * 1024]);
        RequestFields.Write(ref writer, bytes, head, bytes.Length, _listener.Forwarded.Silent(), new RequestChanges
        {
            Via = null, Cookie = null, FallbackHost = "app"u8, ClientAddress = "192.0.2.1"u8,
        });
        return Wire.Text(writer.Written)["Host: a\r\n".Length..];
    }

    /// <summary>Bytes that this thread allocates while a request gets its names so many times.</summary>
    public long AllocatedBy(int rounds)
    {
        string text = Wire.Get("X-Request-ID: abc", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        byte[] bytes = Wire.Bytes(text);
        long before = 0;

        // What the first fill of random bytes makes ready is made once in a process.
        for (int i = 0; i < 2 * rounds; i++)
        {
            if (i == rounds)
                before = System.GC.GetAllocatedBytesForCurrentThread();
            if (i == 0)
                Wire.Request(text, out _head);
            _rules!.Begin(bytes, _head!, _trace);
        }
        return System.GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private RequestHead? _head;
}
