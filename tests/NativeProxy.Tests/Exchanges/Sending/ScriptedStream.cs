using System;
using System.Collections.Generic;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Tests.Http1;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Tests.Exchanges.Sending;

/// <summary>
/// A server's face without a server: writes down what it is told, in words, and does as the test says. Calls: "open a", "open a fresh", "follow",
/// "start GET /t (none) end more", "send \"x\" end A: b|", "flush", "release ServerFin reset", "leave line", "pin", "take pinned".
/// </summary>
internal sealed class ScriptedStream(IServerStreamUser user) : ServerStream
{
    private UpstreamServer? _server;
    private bool _hasConnection;
    private bool _isReady;
    private bool _isReused;
    private bool _isRefused;

    public List<string> Calls { get; } = [];

    public string Last => Calls[^1];

    public IServerStreamUser User => user;

    public AnswerTerms Terms { get; private set; }

    /// <summary>An idle connection is there for who may use one.</summary>
    public bool HasIdle { get; set; }

    /// <summary>Another request's connection may be followed.</summary>
    public bool LetsFollow { get; set; }

    /// <summary>The server takes no more after the next of these calls: "start", "send".</summary>
    public string RefusesAfter { get; set; } = "none";

    /// <summary>The server has enough for the moment after each call.</summary>
    public bool BlocksAfterEach { get; set; }

    public SendProof Proof { get; set; }

    public bool Blocked { get; set; }

    public override bool HasConnection => _hasConnection;

    public override bool IsReady => _isReady;

    public override bool IsReused => _isReused;

    public override bool IsPinned => false;

    public override bool IsBlocked => Blocked;

    public override bool IsRefused => _isRefused;

    public override bool PinEnds => false;

    /// <summary>The fresh connection is there.</summary>
    public void Connect()
    {
        _isReady = true;
        user.OnServerReady();
    }

    /// <summary>The server takes more.</summary>
    public void Drain()
    {
        Blocked = false;
        user.OnServerDrained();
    }

    /// <summary>The server takes no more, which is found out later.</summary>
    public void Refuse()
    {
        _isRefused = true;
        user.OnServerRefuses();
    }

    public void Fail(ProxyError error, bool answerHasBegun = false)
    {
        if (error is ProxyError.ServerConnectFailed or ProxyError.ServerConnectTimeout)
            _hasConnection = false;
        user.OnServerFailed(new ServerFailure { Error = error, AnswerHasBegun = answerHasBegun });
    }

    public void PutOff()
    {
        _hasConnection = false;
        user.OnServerPutOff();
    }

    public override void Begin(in AnswerTerms terms) => Terms = terms;

    public override bool TryOpen(UpstreamServer server, bool mayReuse)
    {
        Calls.Add($"open {server.Name}{(mayReuse ? "" : " fresh")}");
        Take(server);
        _isReady = _isReused = mayReuse && HasIdle;
        return true;
    }

    public override bool TryFollow(ServerStream ahead, UpstreamServer? wanted, int pipeliningMax, out UpstreamServer? server)
    {
        server = null;
        if (!LetsFollow)
            return false;
        Calls.Add($"follow {pipeliningMax}");
        server = ((ScriptedStream)ahead)._server;
        Take(server);
        _isReused = true;
        return true;
    }

    public override bool TryTakePinned(UpstreamConnection connection) => throw new InvalidOperationException("no connection is pinned here");

    public override void PinTo(IPinOwner owner) => Calls.Add("pin");

    public override void Start(in RequestToServer request, in BodyPiece first, bool moreFollows)
    {
        Calls.Add(
            $"start {Wire.Text(request.Words)} {Wire.Text(request.Lines).Trim()} ({request.Body}){Text(first)}"
            + (moreFollows ? " more" : ""));
        AfterCall("start");
    }

    public override void Send(in BodyPiece piece)
    {
        Calls.Add($"send{Text(piece)}");
        AfterCall("send");
    }

    public override void Flush() => Calls.Add("flush");

    public override void Pause() => Calls.Add("pause");

    public override void Resume() => Calls.Add("resume");

    public override SendProof Prove(bool asksKernel) => asksKernel || Proof != SendProof.Unacknowledged ? Proof : SendProof.Unknown;

    public override ServerCloseReason Judge() => ServerCloseReason.None;

    public override bool End(ServerCloseReason reason, bool clientGoesOn, out UpstreamConnection? pinned)
    {
        Calls.Add($"end {reason}");
        pinned = null;
        _hasConnection = _isReady = false;
        return true;
    }

    public override void Release(ServerCloseReason reason, bool reset)
    {
        if (!_hasConnection)
            return;
        Calls.Add($"release {reason}{(reset ? " reset" : "")}");
        _hasConnection = _isReady = Blocked = false;
    }

    public override void LeaveLine() => Calls.Add("leave line");

    public override bool TryPassTo(ServerStream other) => false;

    public override UpstreamConnection HandOver(IServerConnectionUser user) => throw new InvalidOperationException("there is no connection");

    public override void TakeBack() => throw new InvalidOperationException("there is no connection");

    private static string Text(in BodyPiece piece) =>
        (piece.Data.IsEmpty ? "" : $" \"{Wire.Text(piece.Data)}\"") + (piece.IsLast ? " end" : "")
        + (piece.TrailerLines.IsEmpty ? "" : " " + Wire.Text(piece.TrailerLines).Replace("\r\n", "|", StringComparison.Ordinal));

    private void Take(UpstreamServer? server)
    {
        _server = server;
        _hasConnection = true;
        _isReady = _isReused = _isRefused = Blocked = false;
        Proof = SendProof.Unknown;
    }

    private void AfterCall(string call)
    {
        _isRefused |= RefusesAfter == call;
        Blocked |= BlocksAfterEach;
    }
}
