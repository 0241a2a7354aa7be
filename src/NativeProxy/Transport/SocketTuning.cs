using System.Net.Sockets;

namespace NativeProxy.Transport;

/// <summary>TCP options of one side, in one place. Accepted sockets inherit those of the listening socket (Linux), so nothing is set per accept.</summary>
/// <param name="NoDelay">Sends small segments at once (TCP_NODELAY); a proxy writes whole messages and gains nothing from Nagle's delay.</param>
internal sealed record SocketTuning(bool NoDelay)
{
    /// <summary>What every connection gets unless configured otherwise.</summary>
    public static SocketTuning Default { get; } = new(NoDelay: true);

    /// <summary>Applies the options to a socket that listens or is about to connect.</summary>
    public void ApplyTo(Socket socket) => socket.NoDelay = NoDelay;
}
