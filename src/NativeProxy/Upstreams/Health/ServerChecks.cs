using System;
using System.Net;
using NativeProxy.Config;
using NativeProxy.ProxyProtocol;

namespace NativeProxy.Upstreams.Health;

/// <summary>What the settings of an upstream and of a server say about how that server is checked. Pure.</summary>
internal static class ServerChecks
{
    /// <summary>The check of a server.</summary>
    /// <param name="health">How the servers of its upstream are checked.</param>
    /// <param name="server">The server.</param>
    /// <param name="endPoints">Its own addresses; one at least.</param>
    /// <param name="announces">What connections to it begin with; checks at a port of their own have nothing of that.</param>
    /// <param name="tls">How TLS is spoken with it, at whatever port; null = it is not. An agent is no part of the server and has none.</param>
    public static HealthCheck Of(in UpstreamHealthSettings health, in UpstreamServerSettings server, EndPoint[] endPoints,
        ProxyHeaderVersion announces, HealthTls? tls)
    {
        bool isAtServer = health is { Port: 0, Address: "" } && server is { HealthPort: 0, HealthAddress: "" };
        byte[] header = isAtServer && announces != ProxyHeaderVersion.Off
            ? ProxyHeaderWriter.OwnHeader(isVersion2: announces == ProxyHeaderVersion.V2)
            : [];
        if (health.Kind == HealthCheckKind.Agent)
            tls = null;
        HealthQuestion question = QuestionOf(health, UnixAddressText.IsUnix(server.Address) ? "localhost" : server.Address, tls is not null);
        HealthCheck[] checks = Array.ConvertAll(PlacesOf(health, server, endPoints), place => (HealthCheck)new ConnectionCheck(place, question)
        {
            ProxyHeader = header,
            Tls = tls,
        });
        return checks.Length == 1 ? checks[0] : new SeveralAddressesCheck(checks, health.TimeoutMs);
    }

    /// <summary>Where the server is asked: at its own addresses, unless it or its upstream names others.</summary>
    internal static EndPoint[] PlacesOf(in UpstreamHealthSettings health, in UpstreamServerSettings server, EndPoint[] endPoints)
    {
        int port = server.HealthPort > 0 ? server.HealthPort : health.Port;
        string address = server.HealthAddress.Length > 0 ? server.HealthAddress : health.Address;
        if (IPAddress.TryParse(address, out IPAddress? elsewhere))
            return [new IPEndPoint(elsewhere, port > 0 ? port : ((IPEndPoint)endPoints[0]).Port)];
        return port > 0 ? Array.ConvertAll(endPoints, endPoint => (EndPoint)new IPEndPoint(((IPEndPoint)endPoint).Address, port)) : endPoints;
    }

    private static HealthQuestion QuestionOf(in UpstreamHealthSettings health, string host, bool isSecured) => health.Kind switch
    {
        HealthCheckKind.Http => HttpQuestion.Of(health, health.Host.Length > 0 ? health.Host : host),
        HealthCheckKind.Tls when isSecured => new HandshakeQuestion(),
        HealthCheckKind.Tls => new TlsQuestion(health.Host),
        HealthCheckKind.Agent => new AgentQuestion(health.Send),
        _ => new TcpQuestion(health.Send, health.Expect),
    };
}
