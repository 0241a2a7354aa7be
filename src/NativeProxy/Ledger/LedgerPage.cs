using System.Text;
using NativeProxy.Foundation;

namespace NativeProxy.Ledger;

/// <summary>
/// Where the closed connections of one listener or one server are entered: knows the names that they share. Owner: that listener or server;
/// thread: the loop. Immutable.
/// </summary>
internal sealed class LedgerPage
{
    private readonly CloseLedger _ledger;
    private readonly ConnectionSide _side;
    private readonly RecordName _place;
    private readonly RecordName _server;

    internal LedgerPage(CloseLedger ledger, ConnectionSide side, string place, string server)
    {
        _ledger = ledger;
        _side = side;
        _place = new RecordName(Encoding.UTF8.GetBytes(place));
        _server = new RecordName(Encoding.UTF8.GetBytes(server));
    }

    /// <summary>Enters a connection; its side, names and time are filled in here.</summary>
    /// <param name="record">What is known of it.</param>
    /// <param name="isLogged">False: it is counted and shown, and never a line of the log.</param>
    public void Enter(ref CloseRecord record, bool isLogged = true)
    {
        record.Side = _side;
        record.Place = _place;
        record.Server = _server;
        _ledger.Enter(ref record, isLogged);
    }
}
