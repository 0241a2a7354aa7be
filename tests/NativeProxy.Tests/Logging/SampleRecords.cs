using System.Net;
using System.Text;
using NativeProxy.Foundation;
using NativeProxy.Logging;

namespace NativeProxy.Tests.Logging;

/// <summary>The record behind the documented example line, and names for it.</summary>
internal static class SampleRecords
{
    /// <summary>2026-11-22T10:11:12.123Z.</summary>
    public const long WallMs = 1_795_342_272_123;

    private static readonly PeerAddress Server = PeerAddress.Of(IPAddress.Parse("10.0.0.7"), 9001);

    public static LogNames Names()
    {
        LogNames names = new();
        names.Register("web");
        names.Register("app");
        names.Register("a");
        names.Register("idle_timeout");
        return names;
    }

    public static AccessNumbers Numbers() => new()
    {
        StartWallMs = WallMs,
        ClientPort = 40000,
        ListenerName = 1,
        UpstreamName = 2,
        ServerName = 3,
        RequestMs = 0,
        QueueMs = 0,
        ConnectMs = 1,
        ResponseMs = 2,
        TotalMs = 3,
        Status = 200,
        BytesSent = 150,
        BodyBytesSent = 97,
        BytesReceived = 80,
        ClientConnectionId = 12,
        ClientRequestNumber = 3,
        ClientConnectionAgeMs = 4500,
        ServerConnectionId = 7,
        ServerUseNumber = 2,
        ServerIdleMs = 1200,
        ServerAddress = Server,
        ServerOrigin = ServerConnectionOrigin.Reused,
        ProcessConnectionCount = 1,
        ListenerConnectionCount = 1,
        UpstreamConnectionCount = 1,
        ServerConnectionCount = 1,
    };

    public static AccessRecord Get(string target = "/") => new()
    {
        Numbers = Numbers(),
        ClientAddress = new byte[] { 127, 0, 0, 1 },
        Method = "GET"u8,
        Target = Encoding.Latin1.GetBytes(target),
        Version = "HTTP/1.1"u8,
        Host = "example.com"u8,
        UserAgent = "curl/8.0"u8,
        Referer = "http://example.com/start"u8,
    };
}
