using System;
using System.Collections.Immutable;
using NativeProxy.Certificates;
using NativeProxy.Foundation;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// Keys that session tickets are sealed with (RFC 5077 4): one seals, all open, so that tickets outlive a rotation and every worker takes those of
/// the others. Immutable; who rotates makes another one.
/// </summary>
/// <param name="keys">Each 48 bytes (name, AES-128, HMAC) or 80 (name, HMAC, AES-256), as nginx and HAProxy have them in files.</param>
/// <param name="sealing">Which of them seals.</param>
internal sealed class TicketRing(ImmutableArray<byte[]> keys, int sealing)
{
    /// <summary>Bytes of a key with AES-256.</summary>
    public const int LongKeyBytes = TicketKeyFile.LongBytes;

    /// <summary>Bytes of the name that a ticket begins with.</summary>
    public const int NameBytes = TicketKeyFile.NameBytes;

    /// <summary>
    /// Keys in a ring that rotates: the one that was, the one that seals, and the one that will be, which every worker has in time.
    /// </summary>
    private const int RotatingCount = 3;

    public ImmutableArray<byte[]> Keys { get; } = keys;

    /// <summary>Which of the keys seals.</summary>
    public int Sealing { get; } = sealing;

    /// <summary>A ring of random keys.</summary>
    public static TicketRing Random()
    {
        var keys = new byte[RotatingCount][];
        for (int i = 0; i < keys.Length; i++)
            keys[i] = SystemRandom.GetBytes(LongKeyBytes);
        return new TicketRing([.. keys], sealing: 1);
    }

    /// <summary>The next key seals from now on, and a new one will be the next.</summary>
    public TicketRing Rotated() => new([Keys[1], Keys[2], SystemRandom.GetBytes(LongKeyBytes)], sealing: 1);

    /// <summary>The key of a ticket, or -1.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < Keys.Length; i++)
        {
            if (Keys[i].AsSpan(0, NameBytes).SequenceEqual(name))
                return i;
        }
        return -1;
    }
}
