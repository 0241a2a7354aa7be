using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>A server of an example, which answers with its address in the example unless the test says otherwise, dies and comes back.</summary>
internal sealed class ExampleServer : IAsyncDisposable
{
    private readonly IPEndPoint _at;
    private ScriptedOrigin _origin;
    private bool _isDead;
    private volatile Func<string, string> _answer;

    /// <param name="name">The address in the example.</param>
    /// <param name="at">What stands for it.</param>
    public ExampleServer(string name, IPEndPoint at)
    {
        _at = at;
        _answer = _ => Response(name);
        _origin = Open();
    }

    /// <summary>What a request is answered with; "" answers nothing.</summary>
    public Func<string, string> Answer
    {
        get => _answer;
        set => _answer = value;
    }

    public int ConnectionCount => _origin.ConnectionCount;

    /// <summary>Requests since it came up, but those of health checks.</summary>
    public IReadOnlyList<string> Requests => [.. _origin.Requests.Select(request => request.Request).Where(request => !IsCheck(request))];

    /// <summary>The last of them.</summary>
    public string LastRequest => Requests[^1];

    public static string Response(string body, string fields = "", string status = "200 OK") =>
        $"HTTP/1.1 {status}\r\n{fields}Content-Length: {body.Length}\r\n\r\n{body}";

    /// <summary>The connection on which this target has been asked for; the test answers on it.</summary>
    public async Task<OriginConnection> ConnectionOf(string target)
    {
        (int Connection, string Request)[] asked = [];
        await Deadline.Until(
            () => (asked = [.. _origin.Requests.Where(request => request.Request.Contains($" {target} ", StringComparison.Ordinal))]).Length > 0,
            () => "a request for " + target);
        while (true)
        {
            OriginConnection connection = await _origin.Accept();
            if (connection.Number == asked[^1].Connection)
                return connection;
        }
    }

    /// <summary>The next connection that was opened to it.</summary>
    public Task<OriginConnection> Accept() => _origin.Accept();

    /// <summary>Refuses connections from now on; the open ones end.</summary>
    public async Task Die()
    {
        _isDead = true;
        await _origin.DisposeAsync();
    }

    public void Return()
    {
        _isDead = false;
        _origin = Open();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isDead)
            await _origin.DisposeAsync();
    }

    private ScriptedOrigin Open() => ScriptedOrigin.AnsweringAt(_at, request => _answer(request));

    private static bool IsCheck(string request) => !request.Contains("\r\nX-Forwarded-For:", StringComparison.OrdinalIgnoreCase);
}
