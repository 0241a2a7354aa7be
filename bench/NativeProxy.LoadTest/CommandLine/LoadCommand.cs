using System;
using System.CommandLine;
using System.Globalization;
using System.Net;
using NativeProxy.LoadTest.Generator;
using NativeProxy.LoadTest.Linux;
using NativeProxy.LoadTest.Tls;

namespace NativeProxy.LoadTest.CommandLine;

/// <summary><c>load</c>: one run of the generator against any server.</summary>
internal static class LoadCommand
{
    private static readonly Option<IPEndPoint> Target = EndPoints.Option("--target", "The server or proxy.");
    private static readonly Option<string> Path = new("--path") { Description = "Path of every request.", DefaultValueFactory = _ => "/s/64" };
    private static readonly Option<string> Host = new("--host") { Description = "Host field.", DefaultValueFactory = _ => "" };
    private static readonly Option<int> Connections = new("--connections", "-c") { DefaultValueFactory = _ => 64 };
    private static readonly Option<int> Threads = new("--threads") { DefaultValueFactory = _ => 1 };
    private static readonly Option<double> Rate =
        new("--rate") { Description = "Requests per second over all connections (open loop); 0 = closed loop." };
    private static readonly Option<int> Pipeline =
        new("--pipeline") { Description = "Requests sent together on one connection.", DefaultValueFactory = _ => 1 };
    private static readonly Option<bool> Close = new("--connection-per-request") { Description = "Each request on a connection of its own." };
    private static readonly Option<bool> Tls =
        new("--tls") { Description = "Speak TLS 1.3 (AES-128-GCM, X25519); every handshake must be a full one, any certificate will do." };
    private static readonly Option<bool> Resume =
        new("--tls-resume") { Description = "Speak TLS, and resume the session of the connection before; each request on a connection of its own." };
    private static readonly Option<bool> Fresh =
        new("--tls-fresh") { Description = "Speak TLS, and each request on a connection of its own with a full handshake." };
    private static readonly Option<long> Body = new("--body") { Description = "Bytes of the request body (POST); 0 = GET." };
    private static readonly Option<int> Chunks = new("--chunk") { Description = "Send the body in chunks of that size; 0 = with Content-Length." };
    private static readonly Option<int> SlowRead = new("--read-bytes-per-second") { Description = "Slow reader; 0 = fast." };
    private static readonly Option<int> SlowWrite = new("--write-bytes-per-second") { Description = "Slow writer; 0 = fast." };
    private static readonly Option<double> Seconds = new("--seconds") { Description = "Measured time.", DefaultValueFactory = _ => 5 };
    private static readonly Option<double> WarmUp = new("--warm-up") { Description = "Seconds before that.", DefaultValueFactory = _ => 1 };
    private static readonly Option<long> Requests =
        new("--requests") { Description = "End after so many requests, without warm-up; 0 = by time only." };
    private static readonly Option<int> AnswerMs =
        new("--answer-ms") { Description = "Longest wait for one answer.", DefaultValueFactory = _ => 20_000 };
    private static readonly Option<bool> Foreign =
        new("--foreign") { Description = "The server is not our origin: every answer must equal the first one." };

    public static Command Make()
    {
        var command = new Command("load", "Make load and check every answer.")
        {
            Target, Path, Host, Connections, Threads, Rate, Pipeline, Close, Tls, Resume, Fresh, Body, Chunks, SlowRead, SlowWrite, Seconds, WarmUp,
            Requests, AnswerMs, Foreign,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult asked)
    {
        var plan = new LoadPlan
        {
            Target = asked.GetValue(Target)!,
            Path = asked.GetValue(Path)!,
            Host = asked.GetValue(Host)!,
            Method = asked.GetValue(Body) > 0 ? "POST" : "GET",
            Connections = asked.GetValue(Connections),
            Threads = asked.GetValue(Threads),
            RatePerSecond = Math.Max(0, asked.GetValue(Rate)),
            Pipeline = asked.GetValue(Pipeline),
            IsConnectionPerRequest = asked.GetValue(Close) || asked.GetValue(Resume) || asked.GetValue(Fresh),
            Tls = asked.GetValue(Resume) ? TlsUse.Resumed : asked.GetValue(Tls) || asked.GetValue(Fresh) ? TlsUse.Full : TlsUse.Off,
            BodyBytes = Math.Max(0, asked.GetValue(Body)),
            BodyChunkBytes = Math.Clamp(asked.GetValue(Chunks), 0, 1 << 20),
            ReadBytesPerSecond = asked.GetValue(SlowRead),
            WriteBytesPerSecond = asked.GetValue(SlowWrite),
            RequestsMax = Math.Max(0, asked.GetValue(Requests)),
            AnswerMsMax = asked.GetValue(AnswerMs),
            IsForeign = asked.GetValue(Foreign),
        };
        string? refusal = asked.GetValue(Resume) && asked.GetValue(Fresh)
            ? "--tls-resume and --tls-fresh exclude each other"
            : plan.Refusal() ?? Descriptors.Refusal(plan.Connections);
        if (refusal is not null)
        {
            Console.Error.WriteLine("refused: " + refusal);
            return 2;
        }
        TimeSpan measured = TimeSpan.FromSeconds(Math.Clamp(asked.GetValue(Seconds), 0.1, 86_400));
        LoadResult result = LoadRun.Whole(plan, TimeSpan.FromSeconds(Math.Clamp(asked.GetValue(WarmUp), 0, 3600)), measured, out double seconds,
            out long count);
        foreach (string failure in result.Failures)
            Console.Error.WriteLine("failed: " + failure);
        Print(result, seconds, count, plan.IsTls);
        return result.Failures.Count == 0 ? 0 : 1;
    }

    private static void Print(LoadResult result, double seconds, long count, bool isTls)
    {
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"requests     {count} in {seconds:F2} s, all checked; {count / seconds:F0}/s"));
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"latency us   p50 {Us(result, 50):F1}  p90 {Us(result, 90):F1}  p99 {Us(result, 99):F1}  p99.9 {Us(result, 99.9):F1}  max "
            + $"{result.LatencyNs.Max / 1e3:F1}"));
        Console.Out.WriteLine($"connections  {result.Opened} opened");
        (long full, long resumed, long failed) = result.Handshakes;
        if (isTls)
            Console.Out.WriteLine($"handshakes   {full} full, {resumed} resumed, {failed} failed");
        if (result.Unfinished > 0)
            Console.Out.WriteLine($"unfinished   {result.Unfinished} were due and not answered when the run ended; counted with their age");
    }

    private static double Us(LoadResult result, double percent) => result.LatencyNs.Percentile(percent) / 1e3;
}
