using System.Net.Sockets;
using NativeProxy.Transport;

namespace NativeProxy.Tests.Simulation.Engine;

/// <summary>
/// Behaves like the direct engine's connection: nothing is ever in flight, it reads when told that there is something, and closing joins
/// at once.
/// </summary>
internal sealed class ReadinessConnection(SimulatedEventLoop loop) : SimulatedConnection(loop)
{
    private const int ReadsMax = 4;

    internal override bool ReceiveInFlight => false;

    internal override bool SendInFlight => false;

    public override void OnReady()
    {
        if (State == TcpConnectionState.Connecting && HasConnectAnswer)
        {
            HasConnectAnswer = false;
            ConnectCompleted(ConnectError);
        }
        if (Socket is null)
            return;
        if (HasQueuedBytes)
            SendQueued();
        if (MayReceive)
            Receive();
        else if (State == TcpConnectionState.Open && FinSeen && Socket.IsReset)
            ReportReset();
    }

    protected override void AwaitReset()
    {
        if (Socket!.IsReset)
            SimulatedLoop.MarkReady(this);
    }

    protected override void Receive()
    {
        for (int budget = ReadsMax; MayReceive; budget--)
        {
            if (budget == 0)
            {
                Loop.Defer(this, DeferredWork.Receive);
                return;
            }
            if (!TryReadOnce())
                return;
        }
    }

    /// <summary>The socket says when there is room again.</summary>
    internal override void StartQueuedSend()
    {
    }

    private void SendQueued()
    {
        SocketError error;
        int sent;
        do
        {
            sent = SendNow(Sending.Queue.First, out error);
            if (error == SocketError.WouldBlock)
                return;
        }
        while (QueuedSendProgressed(sent, error));
    }
}
