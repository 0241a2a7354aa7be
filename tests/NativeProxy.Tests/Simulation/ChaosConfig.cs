using System;
using System.Globalization;
using System.Net;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Simulation.Verdict;

namespace NativeProxy.Tests.Simulation;

/// <summary>
/// The configuration of a run, drawn from its seed, as the text of a settings file. What the verdict depends on is fixed for the whole run;
/// the rest is drawn anew for every reload.
/// </summary>
internal sealed class ChaosConfig
{
    public const string Upstream = "app";
    private const string Bind = "127.0.0.1:8080";

    private readonly Dice _dice;
    private readonly bool _isCalm;
    private readonly (int Min, int Max) _connectMs;
    private readonly string _reuse;
    private readonly int _attempts;
    private readonly int _requestsMax;
    private readonly int _serverConnectionsMax;
    private readonly int _clientConnectionsMax;
    private readonly int _serverPipelining;
    private readonly bool _retriesUnacknowledged;

    /// <param name="dice">Where everything comes from.</param>
    /// <param name="isCalm">Nothing goes wrong.</param>
    /// <param name="isLayered">A connect takes a handshake as well.</param>
    public ChaosConfig(Dice dice, bool isCalm, bool isLayered = false)
    {
        _connectMs = isLayered ? (200, 3000) : (10, 300);
        _dice = dice;
        _isCalm = isCalm;
        _reuse = dice.Pick("always", "always", "always", "idempotent", "safe", "never");
        _attempts = dice.Pick(1, 2, 3, 3);
        _requestsMax = dice.Pick(0, 0, 1, 3, 10);
        ServerCount = dice.Pick(1, 1, 2, 3);
        _serverConnectionsMax = dice.Pick(0, 0, 1, 2, 5);
        ClientCount = dice.Pick(1, 3, 8, 25);
        _clientConnectionsMax = isCalm ? 10_000 : dice.Pick(10_000, 10_000, Math.Max(1, ClientCount / 2));
        BufferBytes = isCalm ? 64 << 20 : dice.Pick(64 << 20, 64 << 20, 4 << 20, 128 << 10, 48 << 10, 48 << 10);
        _serverPipelining = dice.Pick(1, 1, 2, 8);
        _retriesUnacknowledged = !isCalm && dice.PerMille(250);
        IsCompletionBased = dice.PerMille(500);
    }

    /// <summary>Connections that each server takes at most; 0 = no limit.</summary>
    public int ServerConnectionsMax => _serverConnectionsMax;

    public int ServerCount { get; }

    /// <summary>Client connections at once.</summary>
    public int ClientCount { get; }

    /// <summary>Budget of the buffer pools.</summary>
    public long BufferBytes { get; }

    /// <summary>Which of the two real engines the simulated one resembles.</summary>
    public bool IsCompletionBased { get; }

    public string ServerName(int index) => "s" + index.ToString(CultureInfo.InvariantCulture);

    public IPEndPoint ServerEndPoint(int index) => new(new IPAddress([127, 0, 0, 1]), 9001 + index);

    /// <summary>Tells the evidence what this configuration allows.</summary>
    public void Teach(Evidence evidence)
    {
        evidence.Reuse = Enum.Parse<ReusePolicy>(_reuse, ignoreCase: true);
        evidence.AttemptsMax = _attempts;
        evidence.ServerPipeliningMax = _serverPipelining;
        evidence.RetriesUnacknowledged = _retriesUnacknowledged;
        evidence.RequestsPerClientConnectionMax = _requestsMax == 0 ? int.MaxValue : _requestsMax;
    }

    /// <summary>Draws what may vary and binds the whole as the proxy does.</summary>
    public ProxySettings Draw()
    {
        string text = Text();
        SettingsResult result = SettingsTrial.Parse(Encoding.UTF8.GetBytes(text), "chaos.toml");
        if (!result.IsOk)
            throw new InvalidOperationException(result.Errors[0] + Environment.NewLine + text);
        return result.Settings;
    }

    private string Text()
    {
        var text = new StringBuilder();
        text.AppendLine($"""
            [runtime]
            max_connections = {_clientConnectionsMax}
            replay_bytes = {_dice.Pick(16_000_000, 16_000_000, 20_000, 0)}
            shed_idle_at = {(_isCalm ? 0 : _dice.Pick(0, 50, 90))}
            [[listener]]
            name = "web"
            bind = ["{Bind}"]
            upstream = "{Upstream}"
            pipelining = {_dice.Pick(1, 1, 4, 16)}
            half_close = "{_dice.Pick("abort", "finish", "auto")}"
            [listener.keepalive]
            enabled = {(_dice.PerMille(_isCalm ? 1000 : 930) ? "true" : "false")}
            timeout = "{Ms(100, 3000)}"
            max_requests = {_requestsMax}
            max_age = "{Ms(200, 5000)}"
            advertise = {(_dice.PerMille(300) ? "true" : "false")}
            after_error = {(_dice.PerMille(800) ? "true" : "false")}
            [listener.timeouts]
            request_header = "{Ms(100, 2000)}"
            request_body = "{Ms(50, 1500)}"
            send = "{Ms(50, 1500)}"
            linger = "{(_dice.PerMille(_isCalm ? 0 : 150) ? "0s" : Ms(10, 500))}"
            [listener.limits]
            header_bytes = "{(_isCalm ? "32KiB" : _dice.Pick("32KiB", "32KiB", "5KiB"))}"
            body_bytes = {(_isCalm ? 0 : _dice.Pick(0, 0, 0, 100_000, 2000))}
            response_body_bytes = {(_isCalm ? 0 : _dice.Pick(0, 0, 0, 100_000, 4000))}
            half_closed = {_dice.Pick(1000, 1)}
            [[upstream]]
            name = "{Upstream}"
            balance = "{_dice.Pick("round_robin", "least_connections", "source_hash", "first")}"
            prefer_last_server = {(_dice.PerMille(300) ? "true" : "false")}
            [upstream.keepalive]
            pipelining = {_serverPipelining}
            enabled = {(_dice.PerMille(930) ? "true" : "false")}
            reuse = "{_reuse}"
            max_idle = {_dice.Pick(0, 1, 3, 256)}
            idle_timeout = "{Ms(20, 2000)}"
            learn_idle_timeout = {(_dice.PerMille(500) ? "true" : "false")}
            max_age = "{Ms(200, 5000)}"
            max_requests = {_dice.Pick(0, 0, 1, 5)}
            [upstream.timeouts]
            connect = "{Ms(_connectMs.Min, _connectMs.Max)}"
            response = "{Ms(100, 1000)}"
            queue = "{Ms(20, 1000)}"
            [upstream.retry]
            attempts = {_attempts}
            body_bytes = {_dice.Pick(65_536, 65_536, 1000, 0)}
            unacknowledged = {(_retriesUnacknowledged ? "true" : "false")}
            on = [{MaybeCause(850, "stale")}{MaybeCause(600, "empty_response")}{MaybeCause(400, "response_timeout")}"connect_failure"]
            budget = {_dice.Pick(20, 20, 100, 0)}
            [upstream.cache]
            bytes = {_dice.Pick(0, 65_536, 65_536, 1_000_000)}
            """);
        for (int i = 0; i < ServerCount; i++)
        {
            text.AppendLine($"""
                [[upstream.server]]
                name = "{ServerName(i)}"
                address = "{ServerEndPoint(i)}"
                max_connections = {_serverConnectionsMax}
                """);
        }
        return text.ToString();
    }

    /// <summary>A cause of <c>retry.on</c> and what follows it in the list, or nothing.</summary>
    private string MaybeCause(int perMille, string cause) => _dice.PerMille(perMille) ? $"\"{cause}\", " : "";

    /// <summary>A time; where nothing goes wrong, one that is never reached.</summary>
    private string Ms(int min, int max) => _isCalm ? "600s" : _dice.Between(min, max).ToString(CultureInfo.InvariantCulture) + "ms";
}
