using NativeProxy.Foundation;
using NativeProxy.Recording;

namespace NativeProxy.Clients;

/// <summary>Who asks on a client's connection, as the flight recorder says it. Stateless; thread: the loop.</summary>
internal static class RecordedAsker
{
    /// <param name="connection">On which the request came.</param>
    /// <param name="client">Who that is, where it has been judged; else the connection's address.</param>
    public static AskerFacts On(ClientConnection connection, in PeerAddress client) => new()
    {
        Client = client.IsGiven ? client : connection.Address,
        ClientConnectionId = connection.Id,
        RequestNumber = connection.RequestCount,
        Listener = connection.Frontend.Name,
        Recording = (connection.Tcp!.Tap as RecordedTap)?.Number ?? 0,
    };
}
