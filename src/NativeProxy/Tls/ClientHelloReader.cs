using System;
using System.Buffers.Binary;

namespace NativeProxy.Tls;

/// <summary>What the beginning of a connection says about the server that its client means.</summary>
internal enum ClientHelloStatus : byte
{
    /// <summary>All bytes so far may become a ClientHello; it is not complete.</summary>
    NeedMore,

    /// <summary>A ClientHello with a server name.</summary>
    Named,

    /// <summary>Nothing more will say a name: a ClientHello without one, or something else than a ClientHello that a server would accept.</summary>
    Nameless,
}

/// <summary>
/// Reads the server name in the ClientHello with which a TLS connection begins (RFC 8446 4.1.2, RFC 6066 3), which may lie in several records
/// (RFC 8446 5.1). In: bytes from the start of the connection. A call that needed more is repeated with more bytes. Owner: who reads the connections
/// of one loop; thread: its loop. Never allocates per call, never throws, never reads past the span. Checks what it reads on its way to the name;
/// the rest is for the server.
/// </summary>
internal sealed class ClientHelloReader
{
    /// <summary>Longest ClientHello that is read, with the heads of its records; nobody sends one half as long. nginx reads as much.</summary>
    public const int BytesMax = 16 * 1024;

    /// <summary>Longest name (RFC 1035 2.3.4).</summary>
    public const int NameBytesMax = 255;

    private const int RecordHeadBytes = 5;
    private const int RecordBytesMax = 16 * 1024;
    private const int MessageHeadBytes = 4;
    private const byte HandshakeRecord = 22;
    private const byte ClientHelloMessage = 1;
    private const int ServerNameExtension = 0;
    private const byte HostName = 0;

    /// <summary>Where the message is put together out of its records.</summary>
    private readonly byte[] _message = new byte[BytesMax];

    /// <param name="bytes">From the start of the connection; of more than <see cref="BytesMax"/> only so many are looked at.</param>
    /// <param name="name">The name as it came, without a dot at its end; valid until the next call.</param>
    public ClientHelloStatus Read(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> name)
    {
        name = default;
        bool isFull = bytes.Length >= BytesMax;
        bytes = bytes[..Math.Min(bytes.Length, BytesMax)];
        ClientHelloStatus status = FindMessage(bytes, out ReadOnlySpan<byte> message);
        if (status == ClientHelloStatus.NeedMore)
            return isFull ? ClientHelloStatus.Nameless : status;
        if (status == ClientHelloStatus.Named && TryFindName(message, out name))
            return ClientHelloStatus.Named;

        // Of a hello that is not sound nothing counts, however much of it could be read.
        name = default;
        return ClientHelloStatus.Nameless;
    }

    /// <summary>Named when the whole message, without its head, is there.</summary>
    private ClientHelloStatus FindMessage(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> message)
    {
        message = default;
        int messageBytes = 0;
        while (!bytes.IsEmpty)
        {
            if (bytes[0] != HandshakeRecord || (bytes.Length > 1 && bytes[1] != 3))
                return ClientHelloStatus.Nameless;
            if (bytes.Length < RecordHeadBytes)
                return ClientHelloStatus.NeedMore;
            int recordBytes = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
            if (recordBytes is 0 or > RecordBytesMax)
                return ClientHelloStatus.Nameless;
            ReadOnlySpan<byte> part = bytes.Slice(RecordHeadBytes, Math.Min(recordBytes, bytes.Length - RecordHeadBytes));
            bytes = bytes[(RecordHeadBytes + part.Length)..];
            part.CopyTo(_message.AsSpan(messageBytes));
            messageBytes += part.Length;
            ClientHelloStatus status = JudgeMessage(_message.AsSpan(0, messageBytes), out int bodyBytes);
            if (status == ClientHelloStatus.Named)
                message = _message.AsSpan(MessageHeadBytes, bodyBytes);
            if (status != ClientHelloStatus.NeedMore)
                return status;
        }
        return ClientHelloStatus.NeedMore;
    }

    /// <summary>Named when it is a whole ClientHello, perhaps with more behind it.</summary>
    private static ClientHelloStatus JudgeMessage(ReadOnlySpan<byte> message, out int bodyBytes)
    {
        bodyBytes = 0;
        if (!message.IsEmpty && message[0] != ClientHelloMessage)
            return ClientHelloStatus.Nameless;
        if (message.Length < MessageHeadBytes)
            return ClientHelloStatus.NeedMore;
        bodyBytes = (message[1] << 16) | BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        if (bodyBytes > BytesMax)
            return ClientHelloStatus.Nameless;
        return message.Length < MessageHeadBytes + bodyBytes ? ClientHelloStatus.NeedMore : ClientHelloStatus.Named;
    }

    /// <summary>Version, random, session id, cipher suites, compression methods, extensions (RFC 8446 4.1.2).</summary>
    private static bool TryFindName(ReadOnlySpan<byte> hello, out ReadOnlySpan<byte> name)
    {
        const int VersionAndRandomBytes = 2 + 32;
        name = default;
        if (hello.Length < VersionAndRandomBytes)
            return false;
        hello = hello[VersionAndRandomBytes..];
        bool isSound = TryTake(ref hello, lengthBytes: 1, out _) && TryTake(ref hello, lengthBytes: 2, out _)
            && TryTake(ref hello, lengthBytes: 1, out _);
        if (!isSound || !TryTake(ref hello, lengthBytes: 2, out ReadOnlySpan<byte> extensions) || !hello.IsEmpty)
            return false;
        bool isFound = false;
        while (!extensions.IsEmpty)
        {
            if (extensions.Length < 2)
                return false;
            int type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
            extensions = extensions[2..];
            if (!TryTake(ref extensions, lengthBytes: 2, out ReadOnlySpan<byte> extension))
                return false;
            if (type != ServerNameExtension)
                continue;

            // Two of a kind are refused by servers (RFC 8446 4.2); which of them one reads must not be a matter of taste.
            if (isFound || !TryReadNames(extension, out name))
                return false;
            isFound = true;
        }
        return isFound;
    }

    /// <summary>
    /// Reads the extension with the server name: a list of at most one name of each type, of which there is only one, that of a host (RFC 6066 3).
    /// </summary>
    /// <param name="extension">Its bytes, without type and length.</param>
    /// <param name="name">As it came, without a dot at its end.</param>
    public static bool TryReadNames(ReadOnlySpan<byte> extension, out ReadOnlySpan<byte> name)
    {
        name = default;
        if (!TryTake(ref extension, lengthBytes: 2, out ReadOnlySpan<byte> list) || !extension.IsEmpty)
            return false;
        if (list.IsEmpty || list[0] != HostName)
            return false;
        list = list[1..];
        if (!TryTake(ref list, lengthBytes: 2, out name) || !list.IsEmpty)
            return false;
        if (name.Length > 1 && name[^1] == '.')
            name = name[..^1];
        return name.Length is > 0 and <= NameBytesMax && !name.ContainsAnyExceptInRange((byte)'!', (byte)'~');
    }

    /// <summary>Takes a field that its length stands before.</summary>
    private static bool TryTake(scoped ref ReadOnlySpan<byte> bytes, int lengthBytes, out ReadOnlySpan<byte> field)
    {
        field = default;
        if (bytes.Length < lengthBytes)
            return false;
        int length = lengthBytes == 1 ? bytes[0] : BinaryPrimitives.ReadUInt16BigEndian(bytes);
        bytes = bytes[lengthBytes..];
        if (bytes.Length < length)
            return false;
        field = bytes[..length];
        bytes = bytes[length..];
        return true;
    }
}
