using System;
using System.Threading.Tasks;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// What secures the bytes between a test and its socket. The handshake goes by itself; a failure of it comes out of each call that needs it.
/// One task at a time reads, one at a time sends.
/// </summary>
internal interface ISecuredPipe
{
    /// <summary>Done with the handshake.</summary>
    Task Secured { get; }

    /// <summary>Bytes of the wire that were sent.</summary>
    long SentBytes { get; }

    /// <summary>True when the stream has ended without the announcement of its end.</summary>
    bool IsCut { get; }

    /// <summary>Seals and sends all.</summary>
    Task Send(ReadOnlyMemory<byte> plain);

    /// <summary>Bytes for the test; 0 at the end, with FIN, which was announced unless <see cref="IsCut"/>.</summary>
    Task<int> Receive(Memory<byte> target);

    /// <summary>Announces the end, if the handshake is done or will soon be.</summary>
    void AnnounceEnd();

    /// <summary>
    /// Reads what lies there, before the socket is closed: records that nobody asked for would make a reset of its FIN. False when there are bytes
    /// for the test among them, of which a bare socket would make one, too.
    /// </summary>
    bool ReadsAway();
}
