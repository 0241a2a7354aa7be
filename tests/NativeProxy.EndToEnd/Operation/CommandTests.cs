using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>The commands besides <c>run</c>.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task Version_IsOneLine()
    {
        FinishedCommand command = await ProxyBinary.Run("version");
        Assert.Equal((0, ""), (command.ExitCode, command.Errors));
        Assert.Matches("^nativeproxy [0-9]+\\.[0-9]+\\.[0-9]+\n$", command.Output);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    public async Task Help_NamesCommandsExitCodesAndSignals(string option)
    {
        FinishedCommand command = await ProxyBinary.Run(option);
        Assert.Equal(0, command.ExitCode);
        Assert.All(
            (string[])["run ", "check ", "demo ", "config ", "version ", "Exit codes:", "SIGTERM", "SIGHUP", "SIGUSR1"],
            word => Assert.Contains(word, command.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("worker process; started by", command.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bogus")]
    [InlineData("run")]
    [InlineData("run", "-c")]
    [InlineData("config")]
    public async Task WrongCommandLine_IsCode1_WithAMessageOnStderr(params string[] arguments)
    {
        FinishedCommand command = await ProxyBinary.Run(arguments);
        Assert.Equal(1, command.ExitCode);
        Assert.NotEqual("", command.Errors);
    }

    [Fact]
    public async Task Reference_PassesTheCheckAsItIs()
    {
        FinishedCommand reference = await ProxyBinary.Run("config", "reference");
        Assert.Equal((0, ""), (reference.ExitCode, reference.Errors));
        using var file = new SettingsText(reference.Output);
        FinishedCommand check = await ProxyBinary.Run("check", "-c", file.Path);
        Assert.Equal((0, "", $"{file.Path}: ok\n"), (check.ExitCode, check.Output, check.Errors));
    }

    [Fact]
    public async Task Reference_WithAllDefaultsUncommented_PassesTheCheckToo()
    {
        string reference = (await ProxyBinary.Run("config", "reference")).Output;
        string uncommented = Regex.Replace(reference, @"^(\s*)#([a-z_0-9]+ = |""|\[)", "$1$2", RegexOptions.Multiline);
        Assert.NotEqual(reference, uncommented);

        // What nobody uses is warned of.
        uncommented = uncommented.Replace("policies = []", "policies = [\"secure\"]", StringComparison.Ordinal)
            .Replace("rate_limit = []", "rate_limit = [\"per-client\"]", StringComparison.Ordinal);
        using var file = new SettingsText(uncommented);
        FinishedCommand check = await ProxyBinary.Run("check", "-c", file.Path);
        Assert.Equal((0, $"{file.Path}: ok\n"), (check.ExitCode, check.Errors));
    }

    [Fact]
    public async Task Schema_IsValidJson_AndKnowsEveryKeyOfTheReference()
    {
        FinishedCommand schema = await ProxyBinary.Run("config", "schema");
        Assert.Equal((0, ""), (schema.ExitCode, schema.Errors));
        using JsonDocument document = JsonDocument.Parse(schema.Output);
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", document.RootElement.GetProperty("$schema").GetString());
        string reference = (await ProxyBinary.Run("config", "reference")).Output;
        string[] keys = [.. Regex.Matches(reference, @"^\s*#?([a-z_0-9]+) = ", RegexOptions.Multiline).Select(match => match.Groups[1].Value)
            .Distinct()];
        Assert.True(keys.Length > 30);
        Assert.All(keys, key => Assert.Contains($"\"{key}\": {{", schema.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_OpensNoSocket()
    {
        await using ScriptedOrigin holder = ScriptedOrigin.Answering();
        using var file = new SettingsText(SettingsText.Sound(holder.Port, holder.Address));
        FinishedCommand check = await ProxyBinary.Run("check", "-c", file.Path);
        Assert.Equal((0, $"{file.Path}: ok\n"), (check.ExitCode, check.Errors));
        Assert.Equal(0, holder.ConnectionCount);
    }

    [Fact]
    [Trait("promise", "S1.10")]
    public async Task Check_WarnsOfDoubtfulIdleTimes_AndStaysAtCode0()
    {
        using var file = new SettingsText(SettingsText.Sound(1, "127.0.0.1:1")
            .Replace("upstream = \"app\"", "upstream = \"app\"\nkeepalive.timeout = \"2h\"", StringComparison.Ordinal)
            .Replace("name = \"app\"", "name = \"app\"\nkeepalive.idle_timeout = \"0s\"", StringComparison.Ordinal));
        FinishedCommand check = await ProxyBinary.Run("check", "-c", file.Path);
        Assert.Equal(0, check.ExitCode);
        Assert.Contains("warning: idle clients are kept for 2h, which is unusually long", check.Errors, StringComparison.Ordinal);
        Assert.Contains("warning: idle connections to servers are kept without a limit", check.Errors, StringComparison.Ordinal);
        Assert.EndsWith(": ok, 2 warnings\n", check.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_ServesFromTwoOrigins_AndShowsItsMetrics()
    {
        (Process process, LineCollector output, int port) = await StartDemo();
        try
        {
            await using RawClient client = await RawClient.Connect(port);
            string[] bodies = [(await client.Ask("/hello")).Body, (await client.Ask("/hello")).Body];
            Assert.Equal(["origin a got GET /hello\n", "origin b got GET /hello\n"], bodies.Order());
            await output.WaitFor("\"GET /hello HTTP/1.1\" cc=");
            await using RawClient admin = await RawClient.Connect(port + 3);
            Assert.Contains("nativeproxy_requests_total 2\n", (await admin.Ask("/metrics")).Body, StringComparison.Ordinal);
            LinuxSignals.Send(process.Id, LinuxSignals.Interrupt);
            client.Close();
            await Deadline.For(process.WaitForExitAsync(), () => "the demo to end");
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
            process.Dispose();
        }
    }

    /// <summary>The certificate lies where the printed command line looks for it, until the demo ends; the key lies nowhere.</summary>
    [Fact]
    public async Task DemoWithTls_ShowsACertificate_ThatThePrintedCommandTrusts()
    {
        (Process process, LineCollector output, int port) = await StartDemo("--tls");
        try
        {
            Match command = Regex.Match(output.Text, @"--cacert (?<file>\S+) (?<url>https://localhost:\d+)/hello");
            Assert.True(command.Success, output.Text);
            string file = command.Groups["file"].Value;
            Assert.Equal($"https://localhost:{port}", command.Groups["url"].Value);
            Assert.Equal([file], Directory.GetFiles(Path.GetDirectoryName(file)!));
            Assert.DoesNotContain("PRIVATE", await File.ReadAllTextAsync(file), StringComparison.Ordinal);

            using X509Certificate2 trusted = X509CertificateLoader.LoadCertificateFromFile(file);
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, port);
            await using var tls = new SslStream(socket.GetStream());
            await Deadline.For(tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { trusted }, RevocationMode = X509RevocationMode.NoCheck,
                },
            }), () => "the handshake");
            await tls.WriteAsync("GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray());
            using var reader = new StreamReader(tls);
            Assert.EndsWith(" got GET /hello\n", await Deadline.For(reader.ReadToEndAsync(), () => "the answer"), StringComparison.Ordinal);

            LinuxSignals.Send(process.Id, LinuxSignals.Interrupt);
            await Deadline.For(process.WaitForExitAsync(), () => "the demo to end");
            Assert.Equal((0, false), (process.ExitCode, Directory.Exists(Path.GetDirectoryName(file))));
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
            process.Dispose();
        }
    }

    /// <summary>The demo needs four ports in a row, below those that the kernel hands out; others are tried when one is taken.</summary>
    private static async Task<(Process Process, LineCollector Output, int Port)> StartDemo(params string[] options)
    {
        for (int attempt = 0; ; attempt++)
        {
            int port = Random.Shared.Next(12_000, 30_000);
            Process process = ProxyBinary.Start(["demo", "--port", $"{port}", .. options]);
            var output = new LineCollector(process.StandardOutput);
            var errors = new LineCollector(process.StandardError);
            await Deadline.Until(() => process.HasExited || errors.Text.Contains(" started, ", StringComparison.Ordinal),
                () => "the demo to start:\n" + errors.Text);
            if (!process.HasExited)
                return (process, output, port);
            Assert.True(attempt < 10, errors.Text);
            process.Dispose();
        }
    }
}
