using System;
using NativeProxy.Foundation;
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
    /// <param name="identity">Who is there, where that is more than its peer.</param>
    /// <param name="startedMs">When its first byte came; when it was accepted, if none has.</param>
    /// <param name="leftMs">How much of <c>timeouts.request_header</c> is left; 0 = no limit.</param>
    public abstract void Begin(TcpConnection client, ClientIdentity? identity, long startedMs, long leftMs);

    /// <summary>Bytes behind what another owner of the connection has read, within the same delivery.</summary>
    internal abstract void ReadFirst(ReadOnlySpan<byte> bytes);

    /// <summary>False when the listener does not take this client's connection, which is closed then, before anything of it is read.</summary>
    protected bool TryAdmit()
    {
        if (Frontend.Admission is not { } admission)
            return true;
        CloseReason reason = admission.Judge(Address, Frontend.Loop.Clock.NowMs, out bool isCounted);
        IsCounted = isCounted;
        if (reason == CloseReason.None)
            return true;
        Close(reason);
        return false;
    }
}
