using System;
using System.Text;
using NativeProxy.Http;

namespace NativeProxy.Rewriting;

/// <summary>Via (RFC 9110 7.6.3): the version of the received message, and who passes it on. Immutable.</summary>
/// <param name="pseudonym">Who passes it on.</param>
internal sealed class ViaField(string pseudonym)
{
    private readonly byte[] _http10 = Encoding.ASCII.GetBytes("1.0 " + pseudonym);
    private readonly byte[] _http11 = Encoding.ASCII.GetBytes("1.1 " + pseudonym);

    /// <summary>The field for this pseudonym, or null when it is empty: no Via then.</summary>
    public static ViaField? Of(string pseudonym) => pseudonym.Length == 0 ? null : new ViaField(pseudonym);

    /// <summary>The value for a message that was received in this version.</summary>
    public ReadOnlySpan<byte> ValueOf(HttpVersion received) => received == HttpVersion.Http10 ? _http10 : _http11;
}
