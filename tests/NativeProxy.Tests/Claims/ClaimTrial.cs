using System;
using System.Linq;
using System.Net;
using NativeProxy.Claims;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Rewriting;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Claims;

/// <summary>A listener's judgement of who asks, from the text of its table to what its server is told.</summary>
internal sealed class ClaimTrial
{
    private readonly ListenerSettings _listener;
    private readonly ClientClaims? _claims;

    /// <param name="forwarded">Lines of [listener.forwarded].</param>
    public ClaimTrial(string forwarded)
    {
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.WithListener($"[listener.forwarded]\n{forwarded}"));
        Assert.Empty(result.Errors);
        _listener = result.Settings.Listeners[0];
        _claims = ClientClaims.Of(_listener);
    }

    /// <summary>Nobody needs to decide: the client is the peer.</summary>
    public bool DecidesNothing => _claims is null;

    /// <summary>The peer speaks through TLS with a balancer in front.</summary>
    public bool PeerIsHttps { get; set; }

    public string Local { get; set; } = "198.51.100.1";

    /// <summary>What was decided of the latest request.</summary>
    public ClientVerdict Verdict { get; private set; } = null!;

    /// <summary>The client's address and port as decided.</summary>
    public string ClientOf(string peer, params string[] lines)
    {
        Judge(peer, lines, out _);
        return Verdict.Client.ToString();
    }

    /// <summary>The fields that the server gets, but for Host, in their order.</summary>
    public string[] Fields(string peer, params string[] lines)
    {
        byte[] bytes = Judge(peer, lines, out RequestHead head);
        var writer = new HeadWriter(new byte[16 * 1024]);
        ListenerForwardedSettings settings = _listener.Forwarded.InMode(ListenerMode.Http);
        if (head.Verdict is { IsExempt: true })
            settings = settings.Silent();
        RequestFields.Write(ref writer, bytes, head, bytes.Length, settings, new RequestChanges
        {
            Via = null, Cookie = null, FallbackHost = "app"u8, ClientAddress = Wire.Bytes(peer),
        });
        string[] all = Wire.Text(writer.Written).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        return [.. all.Where(static line => !line.StartsWith("Host:", StringComparison.Ordinal))];
    }

    /// <summary>The same for fields of one name.</summary>
    public string[] Values(string name, string peer, params string[] lines) =>
        [.. Fields(peer, lines).Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
            .Select(line => line[(name.Length + 2)..])];

    /// <summary>
    /// Bytes that this thread allocates while a request is judged so many times: the least of three turns, since the runtime may allocate in one,
    /// when it replaces a method.
    /// </summary>
    public long AllocatedBy(int rounds, string peer, params string[] lines)
    {
        byte[] bytes = Judge(peer, lines, out RequestHead head);
        PeerAddress address = PeerAddress.Of(IPAddress.Parse(peer), 5000);
        long least = long.MaxValue;
        for (int turn = 0; turn < 3; turn++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < rounds; i++)
                _claims!.Judge(bytes, head.Fields, address, local: default, isHttps: false);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }

    private byte[] Judge(string peer, string[] lines, out RequestHead head)
    {
        string text = $"GET / HTTP/1.1\r\nHost: a.example:81\r\n{Wire.Lines(lines)}";
        byte[] bytes = Wire.Bytes(text);
        Assert.Equal(ParseStatus.Done, Wire.Request(text, out head).Status);
        ConnectionHeader.Apply(bytes, head.Fields);
        PeerAddress local = _claims is { WantsLocal: true } ? PeerAddress.Of(IPAddress.Parse(Local), 8080) : default;
        head.Verdict = _claims?.Judge(bytes, head.Fields, PeerAddress.Of(IPAddress.Parse(peer), 5000), local, PeerIsHttps);
        Verdict = head.Verdict!;
        return bytes;
    }
}
