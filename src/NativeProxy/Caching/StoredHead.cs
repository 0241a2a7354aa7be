using System;
using System.Numerics;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Caching;

/// <summary>
/// The head of one entry, put together and taken apart for the moment in which a condition is judged or a 304 is written. Owner: one
/// <see cref="ResponseCache"/>; thread: the loop. Its buffer grows to the longest head that was asked for and is used again.
/// </summary>
internal sealed class StoredHead
{
    /// <summary>What was read from a server once fits again.</summary>
    private static readonly HeadLimits Limits = new(int.MaxValue, FieldsMax, 0);

    private const int FieldsMax = 512;

    private readonly ResponseHead _head = new(FieldsMax);
    private byte[] _bytes = [];

    /// <summary>The fields of the head that was read last.</summary>
    public HeaderTable Fields => _head.Fields;

    /// <summary>The head, valid until the next call.</summary>
    public ReadOnlySpan<byte> Read(CacheEntry entry)
    {
        if (_bytes.Length < entry.HeadBytes)
            _bytes = new byte[BitOperations.RoundUpToPowerOf2((uint)entry.HeadBytes)];
        entry.CopyHead(_bytes);
        ReadOnlySpan<byte> bytes = _bytes.AsSpan(0, entry.HeadBytes);
        ParseOutcome outcome = ResponseHeadParser.Parse(bytes, Limits, _head);
        Check.That(outcome.Status == ParseStatus.Done, "what the cache keeps has a sound head");
        return bytes;
    }
}
