using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Pipes;

namespace NativeProxy.Hosting.Operating;

/// <summary>
/// Asks the API of a proxy that runs on this machine, by the address, the certificate and the tokens that its configuration names. Lives for one
/// command; blocks.
/// </summary>
internal sealed class AdminClient
{
    private const int AnswerBytesMax = 16 * 1024 * 1024;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    private readonly EndPoint _server;
    private readonly string _host;
    private readonly AdminSettings _settings;

    private AdminClient(EndPoint server, in AdminSettings settings)
    {
        (_server, _settings) = (server, settings);
        _host = server is IPEndPoint ? server.ToString()! : "localhost";
    }

    /// <summary>Null when the configuration names no endpoint that can be asked; the problem then says why.</summary>
    /// <param name="configPath">The configuration file.</param>
    /// <param name="problem">For people.</param>
    public static AdminClient? Of(string configPath, out string problem)
    {
        if (SettingsFile.LoadAdmin(configPath, out IReadOnlyList<ConfigError> errors) is not { } admin)
        {
            problem = string.Join('\n', errors) + $"\n{configPath} has errors: nobody was asked";
            return null;
        }

        // Somebody may be at work on the file while another one must drain a server.
        if (errors.Count > 0)
            Console.Error.WriteLine($"{configPath} has errors, such as {errors[0]}");
        return Of(configPath, admin, out problem);
    }

    /// <summary>The same by settings that have been read.</summary>
    public static AdminClient? Of(string configPath, in AdminSettings admin, out string problem)
    {
        problem = $"{configPath} has no admin endpoint: bind it by [admin] bind = \"127.0.0.1:9901\"";
        if (UnixAddressText.PathOf(admin.Bind) is { } path)
            return new AdminClient(new UnixDomainSocketEndPoint(path), admin);
        return AddressText.TryParse(admin.Bind, AddressUse.Bind, out HostPort bind, out _)
            ? new AdminClient(new IPEndPoint(OwnAddressOf(bind), bind.Port), admin)
            : null;
    }

    /// <summary>The number of the process that answers; null when none does, and the problem then says why.</summary>
    public int? ProcessId(out string problem)
    {
        if (!TryAsk("GET", "/api/status", "", out JsonDocument? status, out problem))
            return null;
        using (status)
            return status!.RootElement.GetProperty("pid").GetInt32();
    }

    /// <summary>One question. False when there is no answer, or one that is none; the problem then says what it was.</summary>
    /// <param name="method">Of the request.</param>
    /// <param name="target">Its target.</param>
    /// <param name="body">JSON; empty = none.</param>
    /// <param name="answer">The JSON that came; to be disposed.</param>
    /// <param name="problem">For people.</param>
    public bool TryAsk(string method, string target, string body, out JsonDocument? answer, out string problem)
    {
        answer = null;
        bool isWrite = method != "GET";
        string file = isWrite || _settings.ReadTokenFile.Length == 0 ? _settings.WriteTokenFile : _settings.ReadTokenFile;
        string authorization = "";
        string unread = "";
        if (file.Length > 0 && TokenFile.TryRead(file, out byte[] token, out unread))
            authorization = $"Authorization: Bearer {Encoding.ASCII.GetString(token)}\r\n";

        // Reading may need no token, though there is one for changes that this user must not see.
        problem = unread;
        if (unread.Length > 0 && (isWrite || _settings.ReadTokenFile.Length > 0))
            return false;
        AdminTrust? trust = null;
        if (_settings.IsSecured && (trust = AdminTrust.TryRead(_settings.Certificate, out problem)) is null)
            return false;
        problem = "";
        using var over = new CancellationTokenSource(AnswerLimit);
        HttpDocument document = HttpDocument.Send(
            _server,
            Encoding.Latin1.GetBytes($"{method} {target} HTTP/1.1\r\nHost: {_host}\r\nUser-Agent: nativeproxy\r\nConnection: close\r\n{authorization}"
                + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"),
            AnswerBytesMax, over.Token, trust?.Options).GetAwaiter().GetResult();
        if (document.Problem.Length > 0)
            problem = trust is { HasSeenAnother: true } ? AnotherCertificate : document.Problem + WhyNot;
        else if (document.StatusCode is not (200 or 202))
            problem = OperatorText.OfAnswer(document) + (document.StatusCode == 401 && unread.Length > 0 ? $" ({unread})" : "");
        else
            answer = OperatorText.JsonOf(document, out problem);
        return answer is not null;
    }

    private string WhyNot => _settings.IsSecured
        ? ": the proxy does not run, or its listening is paused, or it has not read [admin] as it is now (SIGHUP has it read the certificate)"
        : ": the proxy does not run, or its listening is paused, or admin.bind was changed since it started";

    private string AnotherCertificate => $"{_server} shows another certificate than that in {_settings.Certificate}, and was asked nothing: the file "
        + "was renewed and the proxy has not read it yet (SIGHUP reloads it), or it is not this proxy that listens there";

    /// <summary>An endpoint that listens on all addresses is asked on this machine.</summary>
    private static IPAddress OwnAddressOf(in HostPort bind) => bind.Ip switch
    {
        null => IPAddress.Loopback,
        { } any when any.Equals(IPAddress.Any) => IPAddress.Loopback,
        { } any when any.Equals(IPAddress.IPv6Any) => IPAddress.IPv6Loopback,
        { } address => address,
    };
}
