using System.Globalization;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>One connection of the proxy to a <see cref="ScriptedOrigin"/>, driven by the test step by step.</summary>
internal sealed class OriginConnection : TestSocket
{
    public const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    public OriginConnection(Socket socket, int number, bool isBare = false)
        : base(socket, isServer: true, isBare) => Number = number;

    /// <param name="socket">Connected.</param>
    /// <param name="number">1 for the origin's first connection.</param>
    /// <param name="pipe">What secures it.</param>
    public OriginConnection(Socket socket, int number, ISecuredPipe pipe)
        : base(socket, pipe) => Number = number;

    /// <summary>1 for the origin's first connection.</summary>
    public int Number { get; }

    /// <summary>Reads a request head and the body that its Content-Length announces.</summary>
    public async Task<string> ReadRequest()
    {
        string head = await ReadHead();
        return HttpResponse.FieldOf(head, "Content-Length") is { } length
            ? head + await Read(int.Parse(length, NumberStyles.None, CultureInfo.InvariantCulture))
            : head;
    }

    /// <summary>Reads one request and answers it. Returns the request.</summary>
    public async Task<string> Answer(string response = Ok)
    {
        string request = await ReadRequest();
        await Send(response);
        return request;
    }

    public override string ToString() => $"connection {Number} of the origin";
}
