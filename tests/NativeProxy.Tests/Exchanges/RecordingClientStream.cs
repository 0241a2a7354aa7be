using System;
using System.Collections.Generic;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Rewriting;
using NativeProxy.Tests.Http1;

namespace NativeProxy.Tests.Exchanges;

/// <summary>
/// A client's face without a client: writes down what it is told ("interim 103", "respond 200 (5 bytes) \"hel\"", "pass \"lo\" end", "answer
/// NotCached", "over None", "cut Limit", "look"). It is the first in line unless a test says otherwise.
/// </summary>
internal sealed class RecordingClientStream(ClientConnection connection, List<string> events) : ClientStream
{
    private bool _isLost;

    public IClientStreamUser User { get; set; } = null!;

    /// <summary>Heads that it is given are not too long.</summary>
    public bool HeadsFit { get; set; } = true;

    /// <summary>It is not its turn: what is given can be withdrawn.</summary>
    public bool Withholds { get; set; }

    /// <summary>There is no buffer for what is given next.</summary>
    public bool LosesNext { get; set; }

    /// <summary>The client takes no more than what is given next.</summary>
    public bool BlocksNext { get; set; }

    /// <summary>The client has left unheard.</summary>
    public bool HasLeft { get; set; }

    public override ClientConnection Connection => connection;

    public override long SentBodyBytes => 0;

    public override bool IsLost => _isLost;

    /// <summary>Another request begins.</summary>
    public void Begin(HttpVersion version, PeerAddress client)
    {
        Asker = client;
        RequestNumber++;
        Version = version;
        (HasBegun, StatusCode, CloseReason, BondEnds, _isLost) = (false, 0, CloseReason.None, false, false);
    }

    public override void ResumeBody() => events.Add("resume body");

    public override bool EndIfClientLeft()
    {
        events.Add("look");
        if (HasLeft)
            Leave(ProxyError.ClientAborted, CloseReason.ClientAborted);
        return HasLeft;
    }

    /// <summary>The client is gone.</summary>
    public void Leave(ProxyError error, CloseReason reason)
    {
        User.LeaveServer();
        User.OnClientGone(error, reason);
        User.OnStreamEnded();
    }

    public override bool TryPassInterim(ReadOnlySpan<byte> bytes, ResponseHead head, in StickyResponse sticky)
    {
        events.Add($"interim {head.StatusCode}");
        Given();
        return HeadsFit;
    }

    public override bool TryRespond(ReadOnlySpan<byte> bytes, ResponseHead head, in ResponseChanges changes, in BodyPiece first)
    {
        if (!HeadsFit)
            return false;
        (HasBegun, StatusCode) = (true, head.StatusCode);
        string age = changes.AgeSeconds is { } seconds ? $", age {seconds}" : "";
        events.Add($"respond {head.StatusCode} ({head.Body}){Show(first)}{age}{(BondEnds ? ", bond ends" : "")}");
        Given();
        return true;
    }

    public override void Send(in BodyPiece piece)
    {
        events.Add($"pass{Show(piece)}");
        Given();
    }

    public override bool TrySwitch(ReadOnlySpan<byte> bytes, ResponseHead head, in ResponseChanges changes)
    {
        if (HeadsFit)
            events.Add($"switch {head.StatusCode}");
        HasBegun = HeadsFit;
        return HeadsFit;
    }

    public override void OpenTunnel()
    {
        HasBegun = true;
        events.Add("open tunnel");
    }

    public override void HandOver(IClientTunnel tunnel)
    {
        events.Add("hand over client");
        Connection.Tcp!.SetOwner(tunnel);
        tunnel.Begin(Connection.Tcp!, "waiting"u8);
    }

    public override void TakeBack(CloseReason reason)
    {
        events.Add($"take back client {reason}");
        if (reason != CloseReason.TunnelEnded)
            User.OnClientGone(ProxyError.None, reason);
        User.OnStreamEnded();
    }

    public override void Withdraw()
    {
        if (!Withholds)
            return;
        events.Add("withdraw");
        HasBegun = _isLost = false;
    }

    public override void Answer(
        ProxyError error, RejectReason detail, ErrorPages? pages = null, int statusCode = 0, OwnFields? own = null)
    {
        HasBegun = true;
        events.Add($"answer {error}{(detail == RejectReason.None ? "" : $" {detail}")}{(BondEnds ? ", bond ends" : "")}");
        User.OnStreamEnded();
    }

    public override bool TryAnswerAsLast(ReadOnlySpan<byte> bytes, RequestHead head, OwnFields? own)
    {
        if (!HeadsFit)
            return false;
        events.Add("answer as last");
        User.OnStreamEnded();
        return true;
    }

    public override void End(CloseReason reason)
    {
        events.Add($"over {reason}");
        User.OnStreamEnded();
    }

    public override void Cut(CloseReason reason)
    {
        events.Add($"cut {reason}");
        User.OnStreamEnded();
    }

    private static string Show(in BodyPiece piece)
    {
        string data = piece.Data.IsEmpty ? "" : piece.Data.Length > 20 ? $" {piece.Data.Length}" : $" \"{Wire.Text(piece.Data)}\"";
        string lines = Wire.Text(piece.TrailerLines).Replace("\r\n", "|", StringComparison.Ordinal);
        return data + (piece.IsLast ? " end" : "") + (lines.Length > 0 ? " " + lines : "");
    }

    private void Given()
    {
        _isLost |= LosesNext;
        bool blocks = BlocksNext;
        LosesNext = BlocksNext = false;
        if (blocks)
            User.OnClientBlocked();
    }
}
