using System;
using System.Runtime.CompilerServices;
using NativeProxy.Foundation;
using NativeProxy.Recording;
using NativeProxy.Transport;

namespace NativeProxy.Clients;

/// <summary>
/// The life of a client connection once it is known who is there and what is spoken. Lent by the <see cref="Sessions"/> of its frontend; thread: the
/// loop.
/// </summary>
internal abstract class Session : ClientConnection
{
    /// <summary>Takes over a connection.</summary>
    /// <param name="client">The connection.</param>
    /// <param name="start">What is known of it.</param>
    public abstract void Begin(TcpConnection client, in SessionStart start);

    /// <summary>Nothing ties the connection to this process: what is known of it can be said in a few words.</summary>
    public bool MayBeHandedOn => Tcp is { IsBare: true, EndOfStreamSeen: false } && Bond is not { IsHeld: true };

    /// <summary>Bytes behind what another owner of the connection has read, within the same delivery.</summary>
    internal abstract void ReadFirst(ReadOnlySpan<byte> bytes);

    /// <summary>
    /// False when the listener does not take this client's connection, which is closed then, before anything of it is read. One that another process
    /// has taken stays.
    /// </summary>
    protected bool TryAdmit(bool isContinued)
    {
        if (Frontend.Admission is not { } admission)
            return true;
        if (isContinued)
        {
            IsCounted = admission.CountAnyway(Address);
            return true;
        }
        CloseReason reason = admission.Judge(Address, Frontend.Loop.Clock.NowMs, out bool isCounted);
        IsCounted = isCounted;
        if (reason == CloseReason.None)
            return true;
        Close(reason);
        return false;
    }

    /// <summary>A request begins: a recording may want the connection from now on, and one that is over does not.</summary>
    protected void OfferToRecorder(ReadOnlySpan<byte> bytes)
    {
        if (Frontend.Recorder is { Connections.IsOn: true } recorder)
            recorder.Connections.OfferClient(Tcp!, RecordedAsker.On(this, default), bytes);
        else if (Tcp!.Tap is not null)
            Tcp.Tap = null;
    }

    /// <summary>Its route is known, and it is the only request that runs: one that is recorded for its route is from now on.</summary>
    /// <param name="bytes">From its first byte on.</param>
    /// <param name="route">As the service says it.</param>
    protected void OfferToRecorder(ReadOnlySpan<byte> bytes, object route)
    {
        if (Frontend.Recorder is { Connections.IsOn: true } recorder)
            OfferRouted(recorder.Connections, bytes, route);
    }

    /// <summary>Has the process that comes after this one go on with an idle connection, if it takes it. False when it stays here.</summary>
    protected bool TryHandOn()
    {
        if (Frontend.Heir is not { } heir || !MayBeHandedOn)
            return false;
        Tcp!.Uncork();
        if (Tcp.HasQueuedBytes || Tcp.IsSendBroken || !heir(this))
            return false;
        Tcp.GoesOnElsewhere = true;
        Close(CloseReason.HandedOver);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void OfferRouted(ConnectionRecorder recorder, ReadOnlySpan<byte> bytes, object route)
    {
        AskerFacts asker = RecordedAsker.On(this, default) with { Route = Frontend.Service.NameOf(route) };
        recorder.OfferRouted(Tcp!, asker, bytes);
    }
}
