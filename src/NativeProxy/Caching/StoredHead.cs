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

    /// <summary>The parts of the head that was read last.</summary>
    public ResponseHead Head => _head;

    /// <summary>The fields of the head that was read last.</summary>
    public HeaderTable Fields => _head.Fields;

    /// <summary>The head, valid until the next call.</summary>
    public ReadOnlySpan<byte> Read(CacheEntry entry)
    {
        if (_bytes.Length < entry.HeadBytes)
            _bytes = new byte[BitOperations.RoundUpToPowerOf2((uint)entry.HeadBytes)];
        entry.CopyHead(_bytes);
        return Parse(_bytes.AsSpan(0, entry.HeadBytes));
    }

    /// <summary>The head of the 304 of an entry, valid until the next call.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="room">Where to put it; long enough for the head and <see cref="NotModifiedHead.ExtraBytes"/>.</param>
    public ReadOnlySpan<byte> ReadNotModified(CacheEntry entry, Span<byte> room)
    {
        ReadOnlySpan<byte> head = Read(entry);
        return Parse(room[..NotModifiedHead.Write(head, _head.Fields, room)]);
    }

    /// <summary>Connection was read when it was kept; what it named must not pass now either.</summary>
    private ReadOnlySpan<byte> Parse(ReadOnlySpan<byte> bytes)
    {
        ParseOutcome outcome = ResponseHeadParser.Parse(bytes, Limits, _head);
        Check.That(outcome.Status == ParseStatus.Done, "what the cache keeps has a sound head");
        ConnectionHeader.Apply(bytes, _head.Fields);
        return bytes;
    }
}
