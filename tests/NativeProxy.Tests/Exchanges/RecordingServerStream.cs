using System;
using System.Collections.Generic;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Tests.Http1;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Tests.Exchanges;

/// <summary>
/// A server's face without a server: writes down what it is told ("open a", "start GET / \"x\" end", "send \"y\"", "pause", "resume", "pin",
/// "end None", "release BadResponse reset", "leave line"). A test says what the server does by calling <see cref="User"/>.
/// </summary>
internal sealed class RecordingServerStream(IServerStreamUser user, List<string> events) : ServerStream
{
    private bool _hasConnection;
    private bool _isReady;

    public IServerStreamUser User => user;

    /// <summary>The fields of the request that was started last.</summary>
    public string Lines { get; private set; } = "";

    /// <summary>Whether connections are established at once.</summary>
    public bool OpensReady { get; set; } = true;

    /// <summary>What becomes of the connection after the answer.</summary>
    public ServerCloseReason Verdict { get; set; }

    /// <summary>What <see cref="ServerStream.End"/> says of the client's authentication.</summary>
    public bool LoginLasts { get; set; } = true;

    public bool PinWillEnd { get; set; }

    public bool Blocks { get; set; }

    public bool Refuses { get; set; }

    /// <summary>The connection that is pinned, handed over, or both.</summary>
    public UpstreamConnection? Connection { get; set; }

    /// <summary>The fetch that reads on, if it may.</summary>
    public bool PassesOn { get; set; }

    public override bool HasConnection => _hasConnection;

    public override bool IsReady => _isReady;

    public override bool IsReused => false;

    public override bool IsPinned => PinOwner is not null;

    public override bool IsBlocked => Blocks;

    public override bool IsRefused => Refuses;

    public override bool PinEnds => PinOwner is not null && PinWillEnd;

    /// <summary>To whom the connection belongs.</summary>
    public IPinOwner? PinOwner { get; private set; }

    public override void Begin(in AnswerTerms terms) => Facts = default;

    public override bool TryOpen(UpstreamServer server, bool mayReuse)
    {
        events.Add($"open {server.Name}");
        (_hasConnection, _isReady) = (true, OpensReady);
        return true;
    }

    /// <summary>The connection is there.</summary>
    public void Connected()
    {
        _isReady = true;
        user.OnServerReady();
    }

    public override bool TryFollow(ServerStream ahead, UpstreamServer? wanted, int pipeliningMax, out UpstreamServer? server)
    {
        server = null;
        return false;
    }

    public override bool TryTakePinned(UpstreamConnection connection)
    {
        events.Add("take pinned");
        return _hasConnection = _isReady = true;
    }

    public override void PinTo(IPinOwner owner)
    {
        PinOwner = owner;
        events.Add("pin");
    }

    public override void Start(in RequestToServer request, in BodyPiece first, bool moreFollows)
    {
        Lines = Wire.Text(request.Lines);
        events.Add($"start {Wire.Text(request.Words)}{Show(first)}");
    }

    public override void Send(in BodyPiece piece) => events.Add($"send{Show(piece)}");

    public override void Flush()
    {
    }

    public override void Pause() => events.Add("pause");

    public override void Resume() => events.Add("resume");

    public override SendProof Prove(bool asksKernel) => SendProof.Unknown;

    public override ServerCloseReason Judge() => Verdict;

    public override bool End(ServerCloseReason reason, bool clientGoesOn, out UpstreamConnection? pinned)
    {
        events.Add($"end {reason}{(clientGoesOn ? "" : ", client ends")}");
        _hasConnection = _isReady = false;
        pinned = IsPinned && clientGoesOn && LoginLasts ? Connection : null;
        return LoginLasts;
    }

    public override void Release(ServerCloseReason reason, bool reset)
    {
        if (_hasConnection)
            events.Add($"release {reason}{(reset ? " reset" : "")}");
        _hasConnection = _isReady = false;
    }

    public override void LeaveLine() => events.Add("leave line");

    public override bool TryPassTo(ServerStream other)
    {
        if (!PassesOn)
            return false;
        events.Add("pass on");
        var to = (RecordingServerStream)other;
        (to._hasConnection, to._isReady) = (true, true);
        _hasConnection = _isReady = false;
        return true;
    }

    public override UpstreamConnection HandOver(IServerConnectionUser tunnel)
    {
        events.Add("hand over server");
        Connection!.PassTo(tunnel);
        return Connection;
    }

    public override void TakeBack() => events.Add("take back server");

    private static string Show(in BodyPiece piece) => (piece.Data.IsEmpty ? "" : $" \"{Wire.Text(piece.Data)}\"") + (piece.IsLast ? " end" : "")
        + (piece.TrailerLines.IsEmpty ? "" : " " + Wire.Text(piece.TrailerLines).Replace("\r\n", "|", StringComparison.Ordinal));
}
