using NativeProxy.Config;
using NativeProxy.Foundation;

namespace NativeProxy.Routing;

/// <summary>Which clients are served, by their networks: who is denied is not, and where some are allowed nobody else is. Immutable.</summary>
internal sealed class AccessList(in AccessSettings settings)
{
    private readonly AddressNetwork[] _allow = NetworkText.NetworksOf(settings.Allow);
    private readonly AddressNetwork[] _deny = NetworkText.NetworksOf(settings.Deny);

    /// <summary>True when all lists serve a client.</summary>
    public static bool AllServe(AccessList[] lists, PeerAddress client)
    {
        foreach (AccessList list in lists)
        {
            if (!list.Serves(client))
                return false;
        }
        return true;
    }

    private bool Serves(PeerAddress client) =>
        !AddressNetwork.AnyContains(_deny, client) && (_allow.Length == 0 || AddressNetwork.AnyContains(_allow, client));
}
