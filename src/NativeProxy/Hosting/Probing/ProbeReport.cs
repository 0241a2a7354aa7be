using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using NativeProxy.Config;
using NativeProxy.Http;

namespace NativeProxy.Hosting.Probing;

/// <summary>
/// Says what was found, each thing in a line, and writes the `[[upstream]]` that fits it, with the reason behind each key. Stateless; for people, so
/// its words may change.
/// </summary>
internal static class ProbeReport
{
    /// <summary>What an upstream has without being told, in ms.</summary>
    private static readonly long PoolIdleMs =
        UpstreamKeepaliveSettings.ReadFrom(SettingsTableReader.Root(table: null, new SettingsErrors("", ""))).IdleTimeoutMs;

    /// <summary>A request may be on its way for so long.</summary>
    private const long MarginMs = 1_000;

    /// <summary>Prints it.</summary>
    public static void Write(TextWriter output, ProbeTarget target, ProbeTerms terms, ProbeFacts facts)
    {
        output.WriteLine($"{target.EndPoint} as {target.Authority}");
        foreach (string line in Findings(terms, facts))
            output.WriteLine("  - " + line);
        output.WriteLine();
        foreach (string line in Upstream(target, terms, facts))
            output.WriteLine(line);
    }

    /// <summary>One sentence for each thing that was found.</summary>
    public static IEnumerable<string> Findings(ProbeTerms terms, ProbeFacts facts)
    {
        yield return $"speaks HTTP/1.{(facts.First.Version == HttpVersion.Http10 ? 0 : 1)}"
            + (facts.Security.Length > 0 ? $" inside {facts.Security}" : "")
            + (facts.SpeaksHttp2 == ProbeVerdict.Yes ? ", and HTTP/2 where that is offered" : "")
            + $", answers with {facts.First.Status}";
        if (!facts.First.KeepsAlive)
        {
            yield return "closes its connection behind every answer";
            yield break;
        }
        yield return facts.TakesMoreRequests ? $"keeps its connection: {facts.Requests} requests on one, and would take more"
            : $"keeps its connection for {facts.Requests} requests, then closes it";
        if (facts.First.AnnouncedSeconds > 0)
            yield return $"announces \"Keep-Alive: timeout={facts.First.AnnouncedSeconds}\"";
        if (facts.Used is { } used)
            yield return "a connection that was used and idles: " + TextOf(used);
        if (facts.Fresh is { } fresh)
            yield return "a connection without a request: " + TextOf(fresh);
        foreach (string line in Answers(terms, facts))
            yield return line;
    }

    /// <summary>The lines of an `[[upstream]]`.</summary>
    public static IEnumerable<string> Upstream(ProbeTarget target, ProbeTerms terms, ProbeFacts facts)
    {
        yield return "[[upstream]]";
        yield return "name = \"app\"";
        if (target.IsHttps)
        {
            yield return "  [upstream.tls]";
            yield return "  enabled = true";
            if (!terms.Verifies)
                yield return "  verify = false                     # as it was asked; better: ca = \"FILE\" with who has signed its certificate";
            else if (terms.AuthorityFile.Length > 0)
                yield return $"  ca = \"{Path.GetFullPath(terms.AuthorityFile)}\"";
        }
        string[] keepalive = [.. Keepalive(facts)];
        if (keepalive.Length > 0)
            yield return "  [upstream.keepalive]";
        foreach (string line in keepalive)
            yield return "  " + line;
        yield return "  [[upstream.server]]";
        yield return "  name = \"a\"";
        yield return $"  address = \"{target.Address}\"";
    }

    private static IEnumerable<string> Keepalive(ProbeFacts facts)
    {
        if (!facts.First.KeepsAlive || facts.Requests < 2)
        {
            yield return "enabled = false                    # it closes behind every answer";
            yield break;
        }
        if (facts.Head == ProbeVerdict.No || facts.NotModified == ProbeVerdict.No)
            yield return "max_requests = 1                   # what follows an answer without a body is not in step";
        else if (!facts.TakesMoreRequests)
            yield return Line($"max_requests = {facts.Requests}", $"it closes behind so many");
        if (IdleMs(facts) is { } ms && ms - MarginMs < PoolIdleMs)
            yield return Line($"idle_timeout = \"{Units.FormatDuration(Safe(ms))}\"", $"it closes after {Seconds(ms)}");
        if (facts.Fresh is { End: IdleEnd.Closed } fresh && facts.Used is not { End: IdleEnd.Closed })
            yield return $"# min_idle: a connection opened ahead, without a request, is closed after {Seconds((long)fresh.After.TotalMilliseconds)}";
        if (facts.Pipelining == ProbeVerdict.Yes)
            yield return "# pipelining = 4 would work: it answers requests that are sent at once in their order";
    }

    private static IEnumerable<string> Answers(ProbeTerms terms, ProbeFacts facts)
    {
        if (facts.Head != ProbeVerdict.NotAsked)
            yield return "HEAD: " + WithoutBody(facts.Head);
        if (facts.NotModified != ProbeVerdict.NotAsked)
            yield return "304: " + WithoutBody(facts.NotModified);
        if (facts.Pipelining != ProbeVerdict.NotAsked)
            yield return $"requests that are sent at once: {(facts.Pipelining == ProbeVerdict.Yes ? "answered in their order" : "not all answered")}";
        if (facts.HalfClose != ProbeVerdict.NotAsked)
            yield return $"a client that has ended its sending: {(facts.HalfClose == ProbeVerdict.Yes ? "is answered" : "is not answered")}";
        yield return facts.Continue switch
        {
            ProbeVerdict.Yes => "Expect: 100-continue: asks for the body",
            ProbeVerdict.No => $"Expect: 100-continue: waits for the body without asking for it ({terms.AnswerTimeout.TotalSeconds:0.#} s)",
            _ => "Expect: 100-continue: answers without asking for the body",
        };
    }

    private static string WithoutBody(ProbeVerdict verdict) =>
        verdict == ProbeVerdict.Yes ? "no body, and the connection goes on" : "the connection does not go on behind it";

    /// <summary>What it does, or says, whichever is shorter; null when neither says anything.</summary>
    private static long? IdleMs(ProbeFacts facts)
    {
        long seenMs = facts.Used is { End: not IdleEnd.StillOpen } used ? (long)used.After.TotalMilliseconds : long.MaxValue;
        long saidMs = facts.First.AnnouncedSeconds > 0 ? facts.First.AnnouncedSeconds * 1000L : long.MaxValue;
        long ms = Math.Min(seenMs, saidMs);
        return ms == long.MaxValue ? null : ms;
    }

    /// <summary>A second less, of short times a fifth less, in whole seconds where there are some.</summary>
    private static long Safe(long ms)
    {
        long safeMs = Math.Max(ms - MarginMs, ms * 4 / 5);
        return safeMs >= 1000 ? Math.Max(1000, (ms - MarginMs) / 1000 * 1000) : Math.Max(1, safeMs);
    }

    private static string TextOf(IdleTime time) => time.End switch
    {
        IdleEnd.StillOpen => $"still open after {Seconds((long)time.After.TotalMilliseconds)}",
        IdleEnd.Spoke => $"bytes that nobody asked for, after {Seconds((long)time.After.TotalMilliseconds)}",
        _ => $"closed after {Seconds((long)time.After.TotalMilliseconds)}",
    };

    private static string Line(string setting, string reason) => $"{setting,-34} # {reason}";

    private static string Seconds(long ms) => string.Create(CultureInfo.InvariantCulture, $"{ms / 1000.0:0.0} s");
}
