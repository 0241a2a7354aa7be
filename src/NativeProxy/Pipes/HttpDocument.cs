using System;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace NativeProxy.Pipes;

/// <summary>A small document that the control plane has fetched over http, or another answer. Immutable.</summary>
/// <param name="Content">The whole content; empty when there is a problem.</param>
/// <param name="Problem">For people: why there is none; empty when there is one.</param>
internal sealed record HttpDocument(byte[] Content, string Problem)
{
    /// <summary>Status of the answer; 0 without one.</summary>
    public int StatusCode { get; private init; }

    /// <summary>Fetches it, over a connection of its own. Never fails: the document says what came of it.</summary>
    /// <param name="server">Where to ask.</param>
    /// <param name="authority">The Host field.</param>
    /// <param name="target">Path and query; visible ASCII.</param>
    /// <param name="bytesMax">A longer document is none.</param>
    /// <param name="over">The time is over.</param>
    public static async Task<HttpDocument> Get(IPEndPoint server, string authority, string target, int bytesMax, CancellationToken over)
    {
        HttpDocument document = await Send(server, Encoding.Latin1.GetBytes($"GET {target} HTTP/1.1\r\nHost: {authority}\r\n"
            + "User-Agent: nativeproxy\r\nAccept: application/json\r\nConnection: close\r\n\r\n"), bytesMax, over);
        return document.Problem.Length > 0 || document.StatusCode == 200 ? document
            : new HttpDocument([], $"{server} answers with status {document.StatusCode}");
    }

    /// <summary>Asks anything, over a connection of its own. Never fails: the document says what came of it.</summary>
    /// <param name="server">Where to ask.</param>
    /// <param name="request">The whole request; the last one on its connection, and no HEAD.</param>
    /// <param name="bytesMax">A longer answer is none.</param>
    /// <param name="over">The time is over.</param>
    /// <param name="tls">How TLS is spoken; null = it is not.</param>
    public static async Task<HttpDocument> Send(
        EndPoint server, ReadOnlyMemory<byte> request, int bytesMax, CancellationToken over, SslClientAuthenticationOptions? tls = null)
    {
        try
        {
            using SocketPipe pipe = await SocketPipe.ConnectAsync(server, over);
            if (tls is not null && await pipe.SecureAsync(tls, over) is not HandshakeEnd.Done and var end)
                return new HttpDocument([], WhyNoTls(server, end, pipe.Refusal));
            HttpAnswerHead head = await HttpAnswerHead.Ask(pipe, request, isHead: false, over);
            if (head.State != AnswerHeadState.Whole)
                return new HttpDocument([], $"{server} does not answer{(head.State == AnswerHeadState.Missing ? "" : " in HTTP")}");
            HttpDocument document = (await Read(pipe, head.Body, bytesMax, over)) with { StatusCode = head.StatusCode };
            if (document.Problem.Length == 0)
                await pipe.FinishAsync(0, over);
            return document;
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            return new HttpDocument([], over.IsCancellationRequested ? $"{server} does not answer in time" : $"{server} cannot be asked");
        }
    }

    private static string WhyNoTls(EndPoint server, HandshakeEnd end, string refusal) => end switch
    {
        HandshakeEnd.NoTls => $"{server} does not speak TLS",
        HandshakeEnd.GivenUp => $"{server} does not answer in time",
        HandshakeEnd.Refused when refusal.Length > 0 => $"no TLS with {server}: {refusal}",
        HandshakeEnd.Refused => $"no TLS with {server}",
        _ => $"{server} has closed before TLS was spoken",
    };

    private static async Task<HttpDocument> Read(SocketPipe pipe, BodySkip body, int bytesMax, CancellationToken over)
    {
        body.Keep(bytesMax + 1);
        while (!body.IsComplete)
        {
            ReadResult read = await pipe.Input.ReadAsync(over);
            long used = body.Take(read.Buffer);
            pipe.Input.AdvanceTo(read.Buffer.GetPosition(used), body.IsComplete ? read.Buffer.GetPosition(used) : read.Buffer.End);
            if (body.IsKeptFull)
                return new HttpDocument([], "the document is too long");
            if (body.IsBroken || (read.IsCompleted && body.IsDelimited && !body.IsComplete))
                return new HttpDocument([], "the document is cut");
            if (read.IsCompleted)
                break;
        }
        return new HttpDocument(body.Kept.ToArray(), "");
    }
}
