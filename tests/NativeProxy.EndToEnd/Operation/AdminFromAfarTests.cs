using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using NativeProxy.EndToEnd.Tls;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>The admin endpoint asked from an address that is not loopback.</summary>
[Trait("layer", "no")] // curl asks
public sealed class AdminFromAfarTests : IDisposable
{
    private const string Token = "0123456789abcdef0123456789abcdef";

    /// <summary>Asks for each path, without a token and with one; then by a command, and from this machine. Given: binary, file, scheme.</summary>
    private const string Script = $$"""
        "$1" run -c "$2" 2>"$2.log" & proxy=$!
        for i in $(seq 100); do grep -q ' started, ' "$2.log" && break; kill -0 $proxy || exit 9; sleep 0.1; done
        for path in /health /metrics /closes /api/status /api/config; do
          for field in 'X: y' 'Authorization: Bearer {{Token}}'; do
            echo "$path $(curl -s -k -o /dev/null -w '%{http_code}' -H "$field" "$3://{{OwnNetwork.Address}}:9901$path") ${field%%:*}"
          done
        done
        "$1" server drain app/a -c "$2" >/dev/null 2>&1; echo "drain $?"
        curl -s -k "$3://127.0.0.1:9901/api/status" -o /dev/null -w 'here %{http_code}\n'
        kill $proxy; wait $proxy
        """;

    private readonly string _tokenFile = Path.GetTempFileName();

    public AdminFromAfarTests() => File.WriteAllText(_tokenFile, Token + "\n");

    public void Dispose() => File.Delete(_tokenFile);

    [OwnNetworkTheory]
    [InlineData(false, false, 403, 403)]
    [InlineData(false, true, 403, 403)]
    [InlineData(true, false, 403, 403)]
    [InlineData(true, true, 401, 200)]
    public async Task Api_IsServedInsideTls_ToWhoShowsAToken(bool isSecured, bool hasToken, int without, int with)
    {
        List<string> lines = ["bind = \"*:9901\""];
        if (isSecured)
            lines.Add($"certificate = \"{TestPki.A}\"");
        if (hasToken)
            lines.Add($"write_token_file = \"{_tokenFile}\"");
        string toml = ProxyConfig.For("127.0.0.1:1").ToToml([8080], 9901).Replace("bind = \"127.0.0.1:9901\"", string.Join('\n', lines),
            StringComparison.Ordinal);
        Assert.Contains(lines[0], toml, StringComparison.Ordinal);
        using var file = new SettingsText(toml);
        string said = await OwnNetwork.Run(Script, ProxyBinary.Path, file.Path, isSecured ? "https" : "http");
        File.Delete(file.Path + ".log");

        string[] open = ["/health", "/metrics", "/closes"];
        string[] api = ["/api/status", "/api/config"];
        Assert.Equal(
            [
                .. open.SelectMany(static path => (string[])[$"{path} 200 X", $"{path} 200 Authorization"]),
                .. api.SelectMany(path => (string[])[$"{path} {without} X", $"{path} {with} Authorization"]),
                $"drain {(hasToken ? 0 : 1)}", "here 200",
            ],
            said.TrimEnd('\n').Split('\n'));
    }
}
