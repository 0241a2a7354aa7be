using System;
using System.Buffers;
using System.Collections.Generic;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Hosting.Processes;
using NativeProxy.Recording;

namespace NativeProxy.Hosting.Operating;

/// <summary>What `nativeproxy record` was asked for.</summary>
/// <param name="Client">A network of clients; empty = any.</param>
/// <param name="Listener">A listener; empty = any.</param>
/// <param name="Route">A route that a request takes; empty = any.</param>
/// <param name="Upstream">UPSTREAM or UPSTREAM/SERVER; empty = connections of clients.</param>
/// <param name="Connections">Most connections.</param>
/// <param name="Bytes">Most bytes, such as "1MiB".</param>
/// <param name="Time">How long, such as "60s".</param>
/// <param name="HasBodies">Bodies, too.</param>
internal sealed record RecordWish(
    string Client, string Listener, string Route, string Upstream, int Connections, string Bytes, string Time, bool HasBodies);

/// <summary>
/// `nativeproxy record`: writes what goes over some connections of a running proxy into a file, until a limit is reached. Stateless.
/// </summary>
internal static class RecordCommand
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns the exit code: 1 with one line when nothing could be recorded.</summary>
    /// <param name="configPath">Of the proxy.</param>
    /// <param name="wish">What is wanted.</param>
    /// <param name="file">Where it goes.</param>
    public static int Run(string configPath, RecordWish wish, string file)
    {
        if (!Units.TryParseSize(wish.Bytes, out long bytes))
            return OperatorText.Failed($"--bytes: \"{wish.Bytes}\" is no size such as \"1MiB\"");
        if (!Units.TryParseDuration(wish.Time, out long timeMs) || timeMs < 1000)
            return OperatorText.Failed($"--time: \"{wish.Time}\" is no time such as \"60s\"");
        if (AdminClient.Of(configPath, out string problem) is not { } client)
            return OperatorText.Failed(problem);
        if (!client.TryAsk("POST", "/api/recording", BodyOf(wish, bytes, timeMs), out JsonDocument? answer, out problem))
            return OperatorText.Failed(problem);
        int number = answer!.RootElement.GetProperty("recording").GetInt32();
        answer.Dispose();

        // Not earlier: what the file holds is not lost for a recording that does not begin.
        var progress = new Progress(isOfServers: wish.Upstream.Length > 0);
        using RecordFileWriter? writer = RecordFileWriter.TryOpen(file, out problem);
        if (writer is null)
            Stop(client);
        if (writer is null || !TryWrite(client, writer, progress, number, wish.Connections, timeMs, out problem))
            return OperatorText.Failed(problem);
        string cut = progress.LostCount > 0 ? $", {progress.LostCount} not to the end" : "";
        Console.Out.WriteLine($"{progress.Count} connections recorded{cut}; `nativeproxy replay {file}` runs them again");
        return ExitCodes.Success;
    }

    /// <summary>Writes what is recorded until that is over. False with the problem when it cannot go on.</summary>
    private static bool TryWrite(
        AdminClient client, RecordFileWriter writer, Progress progress, int number, int connections, long timeMs, out string problem)
    {
        bool isStopped = false;
        ConsoleCancelEventHandler stop = (_, pressed) =>
        {
            // A second one ends the command.
            pressed.Cancel = !isStopped;
            isStopped = true;
        };
        Console.CancelKeyPress += stop;
        long began = Stopwatch.GetTimestamp();
        bool isEnding = false;
        bool isOver = false;
        problem = "";
        while (!isOver && problem.Length == 0)
        {
            bool mayEnd = Volatile.Read(ref isStopped) || progress.IsDone(connections)
                || Stopwatch.GetElapsedTime(began).TotalMilliseconds > timeMs + 1000;
            if (mayEnd && !isEnding)
                Stop(client);
            isEnding |= mayEnd;
            if (TryTake(client, writer, progress, number, out bool isOn, out bool isEmpty, out problem))
                isOver = isEmpty && (isEnding || !isOn);
            if (!isOver && !isEnding)
                Thread.Sleep(Pace);
        }
        Console.CancelKeyPress -= stop;
        return isOver;
    }

    /// <summary>Writes what has been recorded since the last time.</summary>
    private static bool TryTake(
        AdminClient client, RecordFileWriter writer, Progress progress, int number, out bool isOn, out bool isEmpty, out string problem)
    {
        (isOn, isEmpty) = (false, false);
        if (!client.TryAsk("POST", "/api/recording/take", "", out JsonDocument? taken, out problem))
            return false;
        using (taken)
        {
            int current = taken!.RootElement.GetProperty("recording").GetInt32();
            if (current != 0 && current != number)
            {
                problem = "another recording has begun and ended this one";
                return false;
            }
            byte[] entries = taken.RootElement.GetProperty("entries").GetBytesFromBase64();
            (isOn, isEmpty) = (current != 0, entries.Length == 0);
            progress.Take(entries);
            if (writer.TryAdd(entries, out problem))
                return true;
            Stop(client);
            return false;
        }
    }

    /// <summary>Ends the recording, if the proxy can be asked.</summary>
    private static void Stop(AdminClient client)
    {
        if (client.TryAsk("POST", "/api/recording/stop", "", out JsonDocument? ended, out _))
            ended!.Dispose();
    }

    private static string BodyOf(RecordWish wish, long bytes, long timeMs)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text))
        {
            int slash = wish.Upstream.IndexOf('/', StringComparison.Ordinal);
            json.WriteStartObject();
            WriteIfGiven(json, "client", wish.Client);
            WriteIfGiven(json, "listener", wish.Listener);
            WriteIfGiven(json, "route", wish.Route);
            WriteIfGiven(json, "upstream", slash < 0 ? wish.Upstream : wish.Upstream[..slash]);
            WriteIfGiven(json, "server", slash < 0 ? "" : wish.Upstream[(slash + 1)..]);
            json.WriteNumber("connections", wish.Connections);
            json.WriteNumber("bytes", bytes);
            json.WriteNumber("seconds", timeMs / 1000);
            json.WriteBoolean("bodies", wish.HasBodies);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private static void WriteIfGiven(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0)
            json.WriteString(name, value);
    }

    /// <summary>What has been recorded so far.</summary>
    private sealed class Progress(bool isOfServers)
    {
        private readonly HashSet<long> _open = [];
        private readonly HashSet<long> _seen = [];

        public int Count => _seen.Count;

        public int LostCount { get; private set; }

        /// <summary>As many connections as were wanted have been recorded to their ends.</summary>
        public bool IsDone(int wanted) => _seen.Count >= wanted && _open.Count == 0;

        public void Take(ReadOnlySpan<byte> entries)
        {
            while (RecordEntry.TryRead(ref entries, out RecordEntry entry))
            {
                if (entry.Kind == RecordKind.Open)
                {
                    if (entry.IsOfServer == isOfServers)
                        _seen.Add(entry.Connection);
                    _open.Add(entry.Connection);
                }
                else if (entry.Kind is RecordKind.Over or RecordKind.Lost)
                {
                    _open.Remove(entry.Connection);
                    LostCount += entry.Kind == RecordKind.Lost ? 1 : 0;
                }
            }
        }
    }
}
