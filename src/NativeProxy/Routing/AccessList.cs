using NativeProxy.Config;
using NativeProxy.Foundation;

namespace NativeProxy.Routing;

/// <summary>Which clients are served, by their networks: who is denied is not, and where some are allowed nobody else is. Immutable.</summary>
/// <param name="settings">What the file says.</param>
/// <param name="name">Of the policy or the route that says it.</param>
internal sealed class AccessList(in AccessSettings settings, string name)
{
    private readonly AddressNetwork[] _allow = NetworkText.NetworksOf(settings.Allow);
    private readonly AddressNetwork[] _deny = NetworkText.NetworksOf(settings.Deny);

    /// <summary>Name of the policy or the route that says it.</summary>
    public string Name => name;

    /// <summary>The first of some lists that does not serve a client; -1 when all do.</summary>
    public static int FirstRefusing(AccessList[] lists, PeerAddress client)
    {
        for (int i = 0; i < lists.Length; i++)
        {
            if (!lists[i].Serves(client))
                return i;
        }
        return -1;
    }

    private bool Serves(PeerAddress client) =>
        !AddressNetwork.AnyContains(_deny, client) && (_allow.Length == 0 || AddressNetwork.AnyContains(_allow, client));
}
