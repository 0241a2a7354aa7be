using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>The messages of a login by NTLM, and what the proxy counts about it.</summary>
internal static class LoginScene
{
    public const string Offer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 2\r\n\r\nno";
    public const string Challenge = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM TlRMTVNTUAACAAAA\r\nContent-Length: 2\r\n\r\nno";
    public const string First = "Authorization: NTLM TlRMTVNTUAABAAAA\r\n";
    public const string Last = "Authorization: NTLM TlRMTVNTUAADAAAA\r\n";
    public const string Idle = "nativeproxy_server_connections_idle";
    public const string PinnedNow = "nativeproxy_server_connections_pinned";
    public const string ClientClosed = "nativeproxy_client_closes_total{reason=\"pinned_server_closed\"}";
    public const string ServerClosed = "nativeproxy_server_closes_total{reason=\"pinned_client_left\"}";

    /// <summary>The client logs in with one request on a fresh connection, which then waits for it.</summary>
    public static async Task<OriginConnection> Authenticate(ScriptedOrigin origin, RawClient client)
    {
        await client.SendGet("/login", Last);
        OriginConnection server = await origin.Accept();
        await server.Answer();
        await client.ReadResponse();
        return server;
    }

    /// <summary>The same in a scene.</summary>
    public static Task<OriginConnection> Authenticate(ClientScene scene) => Authenticate(scene.Origin, scene.Client);
}
