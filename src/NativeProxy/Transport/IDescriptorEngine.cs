using NativeProxy.Foundation;

namespace NativeProxy.Transport;

/// <summary>A loop whose connections are sockets of the system, so that one may come from another process. Thread: the loop.</summary>
internal interface IDescriptorEngine
{
    /// <summary>Takes over an established connection that another process has accepted.</summary>
    /// <param name="descriptor">Its socket, which the loop then owns; it never blocks.</param>
    /// <param name="peer">Its other side.</param>
    TcpConnection TakeOver(int descriptor, in PeerAddress peer);
}
