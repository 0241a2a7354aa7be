using System;
using System.Buffers.Binary;
using System.Text;
using NativeProxy.Foundation;

namespace NativeProxy.Hosting.Channels;

/// <summary>
/// What one worker tells the one that comes after it about a client connection between two requests: the message that goes with its socket. Written
/// on the loop, without an allocation. Immutable.
/// </summary>
internal readonly record struct HandedClient
{
    /// <summary>The longest message: a name of a listener is shorter by far.</summary>
    public const int BytesMax = 512;

    private const byte Version = 1;
    private const int FixedBytes = 31;
    private const int AddressBytesMax = 3 * (1 + 16 + 2);
    private const int NameBytesMax = BytesMax - FixedBytes - AddressBytesMax;

    /// <summary>Its number.</summary>
    public required long Id { get; init; }

    /// <summary>How long it has been open, in ms.</summary>
    public required long AgeMs { get; init; }

    /// <summary>How long it has idled, in ms.</summary>
    public required long IdleMs { get; init; }

    /// <summary>Requests that were served on it.</summary>
    public required int RequestCount { get; init; }

    /// <summary>The other end of the socket.</summary>
    public required PeerAddress Peer { get; init; }

    /// <summary>Whom a trusted balancer has announced on it; not given where nobody was.</summary>
    public PeerAddress Announced { get; init; }

    /// <summary>What that one has connected to, if it was said.</summary>
    public PeerAddress AnnouncedLocal { get; init; }

    /// <summary>That one speaks through TLS with the balancer.</summary>
    public bool IsHttps { get; init; }

    /// <summary>Writes the message. Returns its bytes.</summary>
    /// <param name="target">At least <see cref="BytesMax"/>.</param>
    /// <param name="listener">The name of its listener, in UTF-8.</param>
    public int Write(Span<byte> target, ReadOnlySpan<byte> listener)
    {
        target[0] = Version;
        target[1] = IsHttps ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64LittleEndian(target[2..], Id);
        BinaryPrimitives.WriteInt64LittleEndian(target[10..], AgeMs);
        BinaryPrimitives.WriteInt64LittleEndian(target[18..], IdleMs);
        BinaryPrimitives.WriteInt32LittleEndian(target[26..], RequestCount);
        listener = listener[..Math.Min(listener.Length, Math.Min(NameBytesMax, (int)byte.MaxValue))];
        target[FixedBytes - 1] = (byte)listener.Length;
        listener.CopyTo(target[FixedBytes..]);
        int end = FixedBytes + listener.Length;
        end += Write(target[end..], Peer);
        end += Write(target[end..], Announced);
        return end + Write(target[end..], AnnouncedLocal);
    }

    /// <summary>Takes a message apart; false for one of another form.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out HandedClient client, out string listener)
    {
        client = default;
        listener = "";
        if (message.Length < FixedBytes || message[0] != Version || message.Length < FixedBytes + message[FixedBytes - 1])
            return false;
        listener = Encoding.UTF8.GetString(message.Slice(FixedBytes, message[FixedBytes - 1]));
        ReadOnlySpan<byte> rest = message[(FixedBytes + message[FixedBytes - 1])..];
        if (!TryTake(ref rest, out PeerAddress peer) || !TryTake(ref rest, out PeerAddress announced)
            || !TryTake(ref rest, out PeerAddress announcedLocal))
        {
            return false;
        }
        client = new HandedClient
        {
            Id = BinaryPrimitives.ReadInt64LittleEndian(message[2..]),
            AgeMs = BinaryPrimitives.ReadInt64LittleEndian(message[10..]),
            IdleMs = BinaryPrimitives.ReadInt64LittleEndian(message[18..]),
            RequestCount = BinaryPrimitives.ReadInt32LittleEndian(message[26..]),
            Peer = peer,
            Announced = announced,
            AnnouncedLocal = announcedLocal,
            IsHttps = message[1] != 0,
        };
        return client is { Id: > 0, AgeMs: >= 0, IdleMs: >= 0, RequestCount: >= 0 };
    }

    private static int Write(Span<byte> target, in PeerAddress address)
    {
        int length = address.WriteBytes(target[1..]);
        target[0] = (byte)length;
        BinaryPrimitives.WriteUInt16LittleEndian(target[(1 + length)..], (ushort)address.Port);
        return 1 + length + sizeof(ushort);
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, out PeerAddress address)
    {
        address = default;
        if (rest.IsEmpty || rest[0] is not (0 or 4 or 16) || rest.Length < 1 + rest[0] + sizeof(ushort))
            return false;
        int length = rest[0];
        if (length > 0)
            address = new PeerAddress(rest.Slice(1, length), BinaryPrimitives.ReadUInt16LittleEndian(rest[(1 + length)..]));
        rest = rest[(1 + length + sizeof(ushort))..];
        return true;
    }
}
