namespace NativeProxy.Http;

/// <summary>
/// What a head says about the length of its body, whichever way its version says it (RFC 9110 section 8.6): there is none, it has so many bytes,
/// or it ends where its end is told. A value.
/// </summary>
internal readonly record struct BodyLength
{
    private const long UnknownBytes = -1;

    private readonly long _bytes;

    private BodyLength(long bytes, bool hasBody)
    {
        _bytes = bytes;
        HasBody = hasBody;
    }

    /// <summary>No body, which is something else than an empty one: a message may have to say that it is empty.</summary>
    public static BodyLength None => default;

    /// <summary>The end is told when it comes.</summary>
    public static BodyLength Unknown => new(UnknownBytes, hasBody: true);

    /// <summary>False when no body follows, not even an empty one.</summary>
    public bool HasBody { get; }

    public bool IsUnknown => _bytes == UnknownBytes;

    /// <summary>True when nothing of a body will come.</summary>
    public bool IsEmpty => _bytes == 0;

    /// <summary>Bytes of the body; 0 when that is not known.</summary>
    public long Bytes => IsUnknown ? 0 : _bytes;

    /// <summary>A body of so many bytes; 0 is an empty one.</summary>
    public static BodyLength Of(long bytes) => new(bytes, hasBody: true);

    public override string ToString() => !HasBody ? "none" : IsUnknown ? "unknown" : $"{_bytes} bytes";
}
