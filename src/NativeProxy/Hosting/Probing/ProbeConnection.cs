using System;
using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Pipes;

namespace NativeProxy.Hosting.Probing;

/// <summary>How a connection that nobody uses went on.</summary>
internal enum IdleEnd : byte
{
    /// <summary>The server still keeps it.</summary>
    StillOpen,

    /// <summary>The server has closed it.</summary>
    Closed,

    /// <summary>The server has sent bytes that nobody asked for.</summary>
    Spoke,
}

/// <summary>
/// One connection to the server that is asked: requests go out as they are given, answers are read by the parsers of the traffic. Owner: one task;
/// ends by RST, since nothing that is under way then matters. Errors of the connection are missing answers, never exceptions.
/// </summary>
/// <param name="pipe">The connection; null when there is none.</param>
/// <param name="terms">How long it is waited for.</param>
internal sealed class ProbeConnection(SocketPipe? pipe, ProbeTerms terms) : IDisposable
{
    private const int HeadBytesMax = 64 * 1024;
    private const int FieldCountMax = 256;

    /// <summary>A longer answer is not read to its end.</summary>
    private const long BodyBytesMax = 16 * 1024 * 1024;

    private static readonly HeadLimits Limits = new(HeadBytesMax, FieldCountMax, HeadBytesMax);

    /// <summary>Why there is none, in a sentence; empty = there is one.</summary>
    public string Problem { get; private init; } = "";

    /// <summary>It can be used.</summary>
    public bool IsOpen => pipe is not null;

    /// <summary>What was offered and taken of TLS and ALPN; empty without TLS.</summary>
    public string Security { get; private init; } = "";

    /// <summary>Connects, and shakes hands; see <see cref="Problem"/>.</summary>
    /// <param name="target">Whereto.</param>
    /// <param name="terms">How long.</param>
    /// <param name="protocols">What is offered inside TLS.</param>
    public static async Task<ProbeConnection> OpenAsync(
        ProbeTarget target, ProbeTerms terms, params SslApplicationProtocol[] protocols)
    {
        using var over = new CancellationTokenSource(terms.AnswerTimeout);
        SocketPipe pipe;
        try
        {
            pipe = await SocketPipe.ConnectAsync(target.EndPoint, over.Token);
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            return Failed(terms, $"{target.EndPoint} takes no connection: {(e is OperationCanceledException ? "no answer in time" : e.Message)}");
        }
        if (!target.IsHttps)
            return new ProbeConnection(pipe, terms);
        SslPolicyErrors found = SslPolicyErrors.None;
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = target.Host,
            ApplicationProtocols = [.. protocols],
            RemoteCertificateValidationCallback = (_, _, _, errors) =>
            {
                found = errors;
                return errors == SslPolicyErrors.None || !terms.Verifies;
            },
        };
        if (terms.Authorities is { } authorities)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        HandshakeEnd end = await pipe.SecureAsync(options, over.Token);
        if (end == HandshakeEnd.Done)
            return new ProbeConnection(pipe, terms) { Security = pipe.SecurityText };
        string refusal = pipe.Refusal;
        pipe.Reset();
        return Failed(terms, found != SslPolicyErrors.None
            ? $"the certificate of {target.Host} is not sound ({found}): --ca names who has signed it, --insecure asks all the same"
            : $"no TLS with {target.EndPoint}: {(refusal.Length > 0 ? refusal : end.ToString())}");
    }

    private static ProbeConnection Failed(ProbeTerms terms, string problem) => new(null, terms) { Problem = problem };

    /// <summary>One request and its answer.</summary>
    public async Task<ProbeAnswer> AskAsync(string request, bool isHead = false) =>
        await TrySendAsync(request) ? await ReadAsync(isHead) : ProbeAnswer.Missing;

    /// <summary>Sends bytes. False when the connection is no more.</summary>
    public async Task<bool> TrySendAsync(string bytes)
    {
        if (!IsOpen)
            return false;
        using var over = new CancellationTokenSource(terms.AnswerTimeout);
        try
        {
            await pipe!.Output.WriteAsync(Encoding.Latin1.GetBytes(bytes), over.Token);
            return true;
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            return false;
        }
    }

    /// <summary>Sends FIN.</summary>
    public async Task EndSendingAsync() => await pipe!.Output.CompleteAsync();

    /// <summary>The next answer, with its body.</summary>
    /// <param name="isHead">It has none.</param>
    /// <param name="whenContinued">Called at "100 Continue".</param>
    public async Task<ProbeAnswer> ReadAsync(bool isHead, Func<Task>? whenContinued = null)
    {
        using var over = new CancellationTokenSource(terms.AnswerTimeout);
        var head = new ResponseHead(FieldCountMax);
        bool hasContinued = false;
        try
        {
            while (true)
            {
                ReadResult read = await pipe!.Input.ReadAsync(over.Token);
                ParseOutcome outcome = Parse(read.Buffer, head, isHead, out ProbeAnswer answer, out BodySkip body);
                SequencePosition consumed = read.Buffer.GetPosition(outcome.ConsumedBytes);
                pipe!.Input.AdvanceTo(consumed, outcome.Status == ParseStatus.NeedMore ? read.Buffer.End : consumed);
                if (outcome.Status == ParseStatus.Rejected)
                    return new ProbeAnswer(0) { IsMalformed = true };
                if (outcome.Status == ParseStatus.NeedMore)
                {
                    if (read.IsCompleted)
                        return ProbeAnswer.Missing;
                    continue;
                }
                if (answer.IsMalformed)
                    return answer;
                if (head.StatusCode >= 200)
                    return await SkipAsync(body, over.Token) ? answer with { HasContinued = hasContinued } : ProbeAnswer.Missing;
                if (head.StatusCode == 100 && !hasContinued && whenContinued is not null)
                    await whenContinued();
                hasContinued |= head.StatusCode == 100;
            }
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            return ProbeAnswer.Missing;
        }
    }

    /// <summary>Watches the connection until its end, at most so long.</summary>
    public async Task<IdleTime> WatchAsync(TimeSpan max)
    {
        using var over = new CancellationTokenSource(max);
        long began = Stopwatch.GetTimestamp();
        IdleEnd end;
        try
        {
            ReadResult read = await pipe!.Input.ReadAsync(over.Token);
            end = read.Buffer.IsEmpty ? IdleEnd.Closed : IdleEnd.Spoke;
            pipe.Input.AdvanceTo(read.Buffer.End);
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            end = over.IsCancellationRequested ? IdleEnd.StillOpen : IdleEnd.Closed;
        }
        return new IdleTime(end, Stopwatch.GetElapsedTime(began));
    }

    public void Dispose() => pipe?.Reset();

    private static ParseOutcome Parse(in ReadOnlySequence<byte> received, ResponseHead head, bool isHead, out ProbeAnswer answer, out BodySkip body)
    {
        ReadOnlySpan<byte> bytes = SequenceBytes.First(received, HeadBytesMax);
        ParseOutcome outcome = ResponseHeadParser.Parse(bytes, Limits, head);
        answer = ProbeAnswer.Missing;
        body = new BodySkip(BodyFraming.None);
        if (outcome.Status != ParseStatus.Done || head.StatusCode < 200)
            return outcome;
        BodyFraming framing = MessageFraming.OfResponse(bytes, head, isHead ? HttpMethod.Head : HttpMethod.Get, upgradeForwarded: false);
        ConnectionOptions options = ConnectionHeader.Apply(bytes, head.Fields);
        body = new BodySkip(framing);
        bool wantsToKeep = head.Version == HttpVersion.Http10 ? options is { KeepAlive: true, Close: false } : !options.Close;
        int tag = head.Fields.FirstIndexOf(KnownHeader.ETag);
        answer = new ProbeAnswer(head.StatusCode)
        {
            IsMalformed = framing.Reason != RejectReason.None,
            Version = head.Version,
            KeepsAlive = wantsToKeep && framing.Reason == RejectReason.None && framing.Kind != BodyKind.UntilClose,
            AnnouncedSeconds = KeepAliveField.TimeoutSeconds(bytes, head.Fields),
            EntityTag = tag < 0 ? "" : Encoding.Latin1.GetString(head.Fields[tag].Value.Of(bytes)),
        };
        return outcome;
    }

    /// <summary>Reads a body to its end. False when there is none, or it is too long.</summary>
    private async Task<bool> SkipAsync(BodySkip body, CancellationToken over)
    {
        for (long left = BodyBytesMax; !body.IsComplete;)
        {
            ReadResult read = await pipe!.Input.ReadAsync(over);
            long used = body.Take(read.Buffer);
            SequencePosition position = read.Buffer.GetPosition(used);
            pipe!.Input.AdvanceTo(position, body.IsComplete ? position : read.Buffer.End);
            left -= used;
            if (left < 0 || body.IsBroken)
                return false;
            if (read.IsCompleted && !body.IsComplete)
                return !body.IsDelimited;
        }
        return true;
    }
}
