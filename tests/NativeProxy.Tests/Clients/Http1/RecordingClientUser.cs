using System;
using System.Globalization;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Rewriting;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Clients.Http1;

/// <summary>
/// Stands in for the exchanges of one stream, and writes down what it hears under the name of the request, which is its path: "a begin",
/// "b begin behind a, more follows", "a body \"he\"", "a body \"llo\" end X: y|", "a refused BadRequest BadChunkSize", "a blocked", "a drained",
/// "a leaves", "a gone ClientAborted ClientAborted", "a ended". It answers only as a test tells it to.
/// </summary>
internal sealed class RecordingClientUser(ClientStream stream, ClientTrial trial) : IClientStreamUser
{
    private static readonly HeadLimits Limits = new(HeadBytesMax: 1 << 20, FieldCountMax: 100, RequestLineBytesMax: 1000);

    private bool _isComplete;
    private bool _hasStarted;

    public ClientStream Stream => stream;

    /// <summary>The path of the present request, without its slash.</summary>
    public string Name { get; private set; } = "";

    /// <summary>The head as it came.</summary>
    public string Head { get; private set; } = "";

    /// <summary>What the head says of the body.</summary>
    public BodyLength Length { get; private set; }

    /// <summary>Content of the request so far.</summary>
    public string Body { get; private set; } = "";

    public bool WantsBody => trial.TakesBodies && !_isComplete;

    public bool AwaitsFirstPiece => trial.TakesBodies && !_hasStarted;

    public bool AwaitsContinue { get; set; }

    public bool IsWorthFinishing { get; set; }

    /// <summary>How often it was told that for now nothing more has come.</summary>
    public int InputReads { get; private set; }

    public void Begin(ReadOnlySpan<byte> bytes, RequestHead head, object route, IClientStreamUser? ahead, bool moreFollows)
    {
        Name = Wire.Text(head.Target.Of(bytes)).TrimStart('/');
        Head = Wire.Text(bytes);
        Body = "";
        Length = head.Body;
        InputReads = 0;
        _isComplete = _hasStarted = head.Body.IsEmpty;
        AwaitsContinue = head.ExpectsContinue;
        IsWorthFinishing = false;
        trial.Began(this);
        string behind = ahead is RecordingClientUser other ? $" behind {other.Name}" : "";
        Note($"begin{behind}{(moreFollows ? ", more follows" : "")}");
    }

    public void OnClientBody(in BodyPiece piece)
    {
        string data = Wire.Text(piece.Data);
        string lines = Wire.Text(piece.TrailerLines).Replace("\r\n", "|", StringComparison.Ordinal);
        Body += data;
        _hasStarted = true;
        _isComplete |= piece.IsLast;
        Note($"body \"{data}\"{(piece.IsLast ? " end" : "")}{(lines.Length > 0 ? " " + lines : "")}");
    }

    public void OnClientBodyRefused(ProxyError error, RejectReason detail) =>
        Note(detail == RejectReason.None ? $"refused {error}" : $"refused {error} {detail}");

    public void OnInputRead() => InputReads++;

    public void OnClientBlocked() => Note("blocked");

    public void OnClientDrained() => Note("drained");

    public void LeaveServer() => Note("leaves");

    public void OnClientGone(ProxyError error, CloseReason reason) => Note($"gone {error} {reason}");

    public void OnStreamEnded() => Note("ended");

    /// <summary>Begins an answer, and ends it if this is all. Returns false when its head is too long.</summary>
    /// <param name="head">The head without its blank line, or only its fields for a 200.</param>
    /// <param name="data">The beginning of the body.</param>
    /// <param name="isLast">This is all of it.</param>
    /// <param name="reason">Why the connection must end with it although it was to be kept.</param>
    public bool Respond(string head, string data = "", bool isLast = true, CloseReason reason = CloseReason.None)
    {
        (byte[] bytes, ResponseHead parts) = Parse(head);
        var first = new BodyPiece { Data = Wire.Bytes(data), IsLast = isLast };
        if (!stream.TryRespond(bytes, parts, new ResponseChanges { KeepsLength = parts.PassesLength }, first))
            return false;
        if (isLast && !stream.IsLost)
            stream.End(reason);
        return true;
    }

    /// <summary>What follows of the answer's body.</summary>
    public void Send(string data, bool isLast = false, string trailerLines = "")
    {
        stream.Send(new BodyPiece { Data = Wire.Bytes(data), IsLast = isLast, TrailerLines = Wire.Bytes(trailerLines) });
        if (isLast && !stream.IsLost)
            stream.End(CloseReason.None);
    }

    public bool PassInterim(string head)
    {
        (byte[] bytes, ResponseHead parts) = Parse(head);
        return stream.TryPassInterim(bytes, parts, default);
    }

    public bool Switch(string head)
    {
        (byte[] bytes, ResponseHead parts) = Parse(head);
        return stream.TrySwitch(bytes, parts, default);
    }

    public bool AnswerAsLast()
    {
        byte[] bytes = Wire.Bytes(Head);
        Wire.Request(Head, out RequestHead head);
        return stream.TryAnswerAsLast(bytes, head, default);
    }

    /// <summary>A response head as a codec hands it on.</summary>
    internal static (byte[] Bytes, ResponseHead Head) Parse(string text)
    {
        text = (text.StartsWith("HTTP/", StringComparison.Ordinal) ? "" : "HTTP/1.1 200 OK\r\n") + text + "\r\n";
        byte[] bytes = Wire.Bytes(text);
        Assert.Equal(ParseStatus.Done, Wire.Response(text, Limits, out ResponseHead head).Status);
        ConnectionHeader.Apply(bytes, head.Fields);
        int length = head.Fields.FirstIndexOf(KnownHeader.ContentLength);
        head.Body = head.StatusCode is < 200 or 204 or 304 ? BodyLength.None
            : length < 0 ? BodyLength.Unknown
            : BodyLength.Of(long.Parse(Wire.Text(head.Fields[length].Value.Of(bytes)), CultureInfo.InvariantCulture));
        head.PassesLength = length >= 0;
        head.IsWellFramed = true;
        return (bytes, head);
    }

    public void Describe(SessionFacts facts) => facts.Is(SessionState.WaitingForAnswer, sinceMs: 0);

    private void Note(string text) => trial.Note($"{Name} {text}");
}
