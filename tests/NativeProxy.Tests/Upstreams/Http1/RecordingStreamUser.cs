using System;
using System.Collections.Generic;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Tests.Http1;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Tests.Upstreams.Http1;

/// <summary>
/// A user of a <see cref="ServerStream"/> that writes down what it hears: "ready", "turn", "put off", "answers", "interim 103",
/// "response 200 (5 bytes) \"hel\"", "body \"lo\" end A: b|", "switched 101 \"rest\"", "drained", "refuses",
/// "failed ServerBadResponse TooManyInterims begun".
/// </summary>
internal sealed class RecordingStreamUser : IServerStreamUser
{
    public List<string> Events { get; } = [];

    /// <summary>All but the first byte of an answer.</summary>
    public List<string> Told => Events.FindAll(static text => text != "answers");

    public string Last => Events[^1];

    /// <summary>Called within each event with its text.</summary>
    public Action<string> Then { get; set; } = static _ => { };

    /// <summary>The final head as it came.</summary>
    public string Head { get; private set; } = "";

    /// <summary>Content of the answer, however it came.</summary>
    public string Body { get; private set; } = "";

    public string TrailerLines { get; private set; } = "";

    /// <summary>How often the end was told.</summary>
    public int Ends { get; private set; }

    public bool PassesLength { get; private set; }

    public bool IsWellFramed { get; private set; }

    public void OnServerReady() => Note("ready");

    public void OnServerTurn() => Note("turn");

    public void OnServerPutOff() => Note("put off");

    public void OnServerAnswers() => Note("answers");

    public void OnServerInterim(ReadOnlySpan<byte> bytes, ResponseHead head) => Note($"interim {head.StatusCode}");

    public void OnServerResponse(ReadOnlySpan<byte> bytes, ResponseHead head, in BodyPiece first)
    {
        Head = Wire.Text(bytes);
        (PassesLength, IsWellFramed) = (head.PassesLength, head.IsWellFramed);
        Note($"response {head.StatusCode} ({head.Body}){Take(first)}");
    }

    public void OnServerBody(in BodyPiece piece) => Note($"body{Take(piece)}");

    public void OnServerSwitched(ReadOnlySpan<byte> bytes, ResponseHead head, ReadOnlySpan<byte> rest) =>
        Note($"switched {head.StatusCode} \"{Wire.Text(rest)}\"");

    public void OnServerDrained() => Note("drained");

    public void OnServerRefuses() => Note("refuses");

    public void OnServerFailed(in ServerFailure failure) =>
        Note($"failed {failure.Error}{(failure.Detail == RejectReason.None ? "" : $" {failure.Detail}")}{(failure.AnswerHasBegun ? " begun" : "")}");

    private string Take(in BodyPiece piece)
    {
        string data = Wire.Text(piece.Data);
        string lines = Wire.Text(piece.TrailerLines);
        Body += data;
        TrailerLines += lines;
        Ends += piece.IsLast ? 1 : 0;
        return (data.Length > 0 ? $" \"{data}\"" : "") + (piece.IsLast ? " end" : "")
            + (lines.Length > 0 ? " " + lines.Replace("\r\n", "|", StringComparison.Ordinal) : "");
    }

    private void Note(string text)
    {
        Events.Add(text);
        Then(text);
    }
}
