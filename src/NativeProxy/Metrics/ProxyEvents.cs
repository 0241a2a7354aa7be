using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Tracing;

namespace NativeProxy.Metrics;

/// <summary>
/// What tracing tools such as dotnet-trace can record of the proxy itself (provider <c>NativeProxy</c>). Nobody listening costs one test of a
/// field per exchange; somebody listening, one record. Any thread. Never part of the product's own log or metrics.
/// </summary>
[EventSource(Name = "NativeProxy")]
internal sealed unsafe class ProxyEvents : EventSource
{
    public static readonly ProxyEvents Log = new();

    private ProxyEvents()
    {
    }

    /// <summary>An exchange ended, in whichever way.</summary>
    /// <param name="clientConnection">Number of the client connection, as in the access log.</param>
    /// <param name="clientRequest">1-based number of the request on it.</param>
    /// <param name="status">Status sent to the client; -1 = none, as in the access log.</param>
    /// <param name="totalMs">From the first byte of the request to the last of the response.</param>
    /// <param name="serverConnection">Number of the server connection; 0 = none.</param>
    /// <param name="serverUse">Exchanges on it, this one included.</param>
    [Event(1, Level = EventLevel.Informational)]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "The parameters are primitive, which is what the warning allows.")]
    public void ExchangeEnded(long clientConnection, int clientRequest, int status, int totalMs, long serverConnection, int serverUse)
    {
        EventData* data = stackalloc EventData[6];
        data[0] = new EventData { DataPointer = (nint)(&clientConnection), Size = sizeof(long) };
        data[1] = new EventData { DataPointer = (nint)(&clientRequest), Size = sizeof(int) };
        data[2] = new EventData { DataPointer = (nint)(&status), Size = sizeof(int) };
        data[3] = new EventData { DataPointer = (nint)(&totalMs), Size = sizeof(int) };
        data[4] = new EventData { DataPointer = (nint)(&serverConnection), Size = sizeof(long) };
        data[5] = new EventData { DataPointer = (nint)(&serverUse), Size = sizeof(int) };
        WriteEventCore(1, 6, data);
    }

    /// <summary>A client connection was closed.</summary>
    /// <param name="clientConnection">Its number.</param>
    /// <param name="reason">Code of the reason, as in the access log.</param>
    [Event(2, Level = EventLevel.Informational)]
    public void ClientConnectionClosed(long clientConnection, string reason) => WriteEvent(2, clientConnection, reason);
}
