using NativeProxy.Foundation;

namespace NativeProxy.Clients;

/// <summary>
/// What only few client connections have besides their socket; made when the first of it is there, so that the others do not pay for it. Owner: one
/// <see cref="ClientConnection"/>, which keeps the object for its next client; thread: the loop.
/// </summary>
internal sealed class ClientTies
{
    /// <summary>See <see cref="ClientConnection.Identity"/>.</summary>
    public ClientIdentity? Identity { get; set; }

    /// <summary>See <see cref="ClientConnection.Local"/>; not given until somebody has asked.</summary>
    public PeerAddress Local { get; set; }

    /// <summary>See <see cref="ClientConnection.Bond"/>.</summary>
    public IClientBond? Bond { get; set; }

    /// <summary>See <see cref="ClientConnection.LastServer"/>.</summary>
    public object? LastServer { get; set; }
}
