using System;
using System.Security.Cryptography;

namespace NativeProxy.Credentials;

/// <summary>
/// Logins whose password was right a moment ago, by keyed sums that tell nothing of it. Bounded: the one that was let in first gives way to another
/// of its set. Owner: a <see cref="PasswordChecker"/>; thread: the loop.
/// </summary>
internal sealed class VerifiedLogins
{
    /// <summary>Bytes of a key.</summary>
    public const int KeyBytes = 32;

    /// <summary>So long is a password not computed again. A reload that takes one away ends that at once: its key is another one.</summary>
    private const long LifeMs = 5 * 60 * 1000;

    private const int Sets = 256;
    private const int Ways = 4;

    private readonly byte[] _keys = new byte[Sets * Ways * KeyBytes];
    private readonly long[] _untilMs = new long[Sets * Ways];

    /// <summary>True when the login was right and is not too old.</summary>
    public bool Contains(ReadOnlySpan<byte> key, long nowMs)
    {
        int first = key[0] * Ways;
        for (int i = first; i < first + Ways; i++)
        {
            if (_untilMs[i] > nowMs && CryptographicOperations.FixedTimeEquals(_keys.AsSpan(i * KeyBytes, KeyBytes), key))
                return true;
        }
        return false;
    }

    public void Add(ReadOnlySpan<byte> key, long nowMs)
    {
        int first = key[0] * Ways;
        int oldest = first;
        for (int i = first + 1; i < first + Ways; i++)
        {
            if (_untilMs[i] < _untilMs[oldest])
                oldest = i;
        }
        key.CopyTo(_keys.AsSpan(oldest * KeyBytes));
        _untilMs[oldest] = nowMs + LifeMs;
    }
}
