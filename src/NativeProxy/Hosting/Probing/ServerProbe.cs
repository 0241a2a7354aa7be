using System;
using System.Net.Security;
using System.Threading.Tasks;

namespace NativeProxy.Hosting.Probing;

/// <summary>
/// Asks a server how it keeps connections, each question on a connection of its own; the waits for idle ones run beside. Sends GET, HEAD and OPTIONS
/// only, so that nothing is changed there. Lives for one command; runs on the thread pool.
/// </summary>
/// <param name="target">Whom.</param>
/// <param name="terms">How much.</param>
internal sealed class ServerProbe(ProbeTarget target, ProbeTerms terms)
{
    private const int PipelinedCount = 3;

    /// <summary>All that there is to know; see <see cref="ProbeFacts.Problem"/>.</summary>
    public async Task<ProbeFacts> AskAsync()
    {
        using ProbeConnection first = await ConnectAsync();
        if (!first.IsOpen)
            return new ProbeFacts { Problem = first.Problem };
        ProbeAnswer answer = await first.AskAsync(target.Request("GET", "keep-alive"));
        if (answer.IsMalformed)
            return new ProbeFacts { Problem = $"{target.EndPoint} answers, but not in HTTP/1 that could be read safely" };
        if (answer.Status == 0)
        {
            double seconds = terms.AnswerTimeout.TotalSeconds;
            return new ProbeFacts { Problem = $"{target.EndPoint} does not answer a GET of {target.Target} to its end within {seconds:0.#} s" };
        }
        var facts = new ProbeFacts { First = answer, Security = first.Security, Requests = 1 };
        if (target.IsHttps)
            await AskForHttp2Async(facts);
        if (!answer.KeepsAlive)
            return facts;
        Task<IdleTime?> fresh = WaitFreshAsync();
        Task<IdleTime?> used = WaitUsedAsync();
        await AskAboutPersistenceAsync(facts, first);
        (facts.Fresh, facts.Used) = (await fresh, await used);
        return facts;
    }

    private async Task AskAboutPersistenceAsync(ProbeFacts facts, ProbeConnection first)
    {
        await CountRequestsAsync(facts, first);
        if (facts.Requests > 1)
            await AskForHeadAsync(facts);
        if (facts.Requests > 1 && facts.First.EntityTag.Length > 0)
            await AskForNotModifiedAsync(facts);
        if (facts.Requests > PipelinedCount)
            await AskPipelinedAsync(facts);
        if (!target.IsHttps)
            await AskHalfClosedAsync(facts);
        await AskToContinueAsync(facts);
    }

    private Task<ProbeConnection> ConnectAsync() => ProbeConnection.OpenAsync(target, terms, SslApplicationProtocol.Http11);

    private async Task AskForHttp2Async(ProbeFacts facts)
    {
        using ProbeConnection connection = await ProbeConnection.OpenAsync(
            target, terms, SslApplicationProtocol.Http2, SslApplicationProtocol.Http11);
        facts.SpeaksHttp2 = VerdictOf(connection.Security.EndsWith(", h2", StringComparison.Ordinal));
    }

    /// <summary>The first one has been answered.</summary>
    private async Task CountRequestsAsync(ProbeFacts facts, ProbeConnection connection)
    {
        while (facts.Requests < terms.RequestsMax)
        {
            ProbeAnswer answer = await connection.AskAsync(target.Request("GET", "keep-alive"));
            if (answer.Status == 0)
                return;
            facts.Requests++;
            if (!answer.KeepsAlive)
                return;
        }
        facts.TakesMoreRequests = true;
    }

    private async Task AskForHeadAsync(ProbeFacts facts)
    {
        using ProbeConnection connection = await ConnectAsync();
        if (!connection.IsOpen)
            return;
        ProbeAnswer answer = await connection.AskAsync(target.Request("HEAD", "no body"), isHead: true);
        facts.Head = VerdictOf(answer.KeepsAlive && await GoesOnAsync(connection));
    }

    private async Task AskForNotModifiedAsync(ProbeFacts facts)
    {
        using ProbeConnection connection = await ConnectAsync();
        ProbeAnswer answer = await connection.AskAsync(target.Request("GET", "no body", $"If-None-Match: {facts.First.EntityTag}\r\n"));
        if (connection.IsOpen && answer.Status is 0 or 304)
            facts.NotModified = VerdictOf(answer.KeepsAlive && await GoesOnAsync(connection));
    }

    /// <summary>Behind an answer without a body another one is found.</summary>
    private async Task<bool> GoesOnAsync(ProbeConnection connection) =>
        (await connection.AskAsync(target.Request("GET", "no body"))).Status > 0;

    private async Task AskPipelinedAsync(ProbeFacts facts)
    {
        using ProbeConnection connection = await ConnectAsync();
        string request = target.Request("GET", "pipelining");
        if (!await connection.TrySendAsync(request + request + request))
            return;
        int answers = 0;
        while (answers < PipelinedCount && (await connection.ReadAsync(isHead: false)).Status > 0)
            answers++;
        facts.Pipelining = VerdictOf(answers == PipelinedCount);
    }

    private async Task AskHalfClosedAsync(ProbeFacts facts)
    {
        using ProbeConnection connection = await ConnectAsync();
        if (!await connection.TrySendAsync(target.Request("GET", "half-close")))
            return;
        await connection.EndSendingAsync();
        facts.HalfClose = VerdictOf((await connection.ReadAsync(isHead: false)).Status > 0);
    }

    /// <summary>By OPTIONS, which changes nothing.</summary>
    private async Task AskToContinueAsync(ProbeFacts facts)
    {
        using ProbeConnection connection = await ConnectAsync();
        if (!await connection.TrySendAsync(target.Request("OPTIONS", "100-continue", "Expect: 100-continue\r\nContent-Length: 1\r\n")))
            return;
        ProbeAnswer answer = await connection.ReadAsync(isHead: false, whenContinued: () => connection.TrySendAsync("x"));

        // A final answer without the body is as good: the body need not be sent.
        facts.Continue = answer.HasContinued ? ProbeVerdict.Yes : answer.Status > 0 ? ProbeVerdict.NotAsked : ProbeVerdict.No;
    }

    private async Task<IdleTime?> WaitUsedAsync()
    {
        using ProbeConnection connection = await ConnectAsync();
        ProbeAnswer answer = await connection.AskAsync(target.Request("GET", "idle"));
        return answer.KeepsAlive ? await connection.WatchAsync(terms.IdleMax) : null;
    }

    private async Task<IdleTime?> WaitFreshAsync()
    {
        using ProbeConnection connection = await ConnectAsync();
        return connection.IsOpen ? await connection.WatchAsync(terms.IdleMax) : null;
    }

    private static ProbeVerdict VerdictOf(bool isSo) => isSo ? ProbeVerdict.Yes : ProbeVerdict.No;
}
