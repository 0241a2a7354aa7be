using System;
using System.Runtime.CompilerServices;
using System.Text;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Recording;

/// <summary>
/// What is kept of a refused message besides its bytes. Blittable, because it lies in memory that several processes see. A value.
/// </summary>
internal struct MessageRecord
{
    /// <summary>Milliseconds since 1970-01-01 UTC.</summary>
    public long WallMs;

    public long ClientConnectionId;

    public long ServerConnectionId;

    public PeerAddress Client;

    public PeerAddress Server;

    /// <summary>How many bytes there were.</summary>
    public int MessageBytes;

    /// <summary>Index of the first kept byte in the message.</summary>
    public int KeptFrom;

    public int KeptBytes;

    /// <summary>Index of the byte at which it broke, in the message; its length when what is missing is behind it.</summary>
    public int Place;

    public int RequestNumber;

    public int HeadBytesMax;

    public int FieldCountMax;

    public int RequestLineBytesMax;

    public MessagePart Part;

    public RejectReason Reason;

    public ProxyError Error;

    public HttpMethod Method;

    public bool AllowsNonAsciiTarget;

    public bool OffersUpgrade;

    public bool BeginsWithHead;

    public bool IsRedacted;

    public ShortText Listener;

    public ShortText Route;

    public ShortText Upstream;

    public ShortText ServerName;

    /// <summary>It came from a server.</summary>
    public readonly bool IsOfServer => Part is MessagePart.Response or MessagePart.ResponseBody or MessagePart.Unasked;

    /// <summary>The code of the rule that it broke, as logs name it.</summary>
    public readonly string Rule => Reason != RejectReason.None ? RejectReasons.CodeOf(Reason)
        : Part == MessagePart.Unasked ? "surplus_bytes" : ProxyErrors.Of(Error).Rule ?? "-";

    /// <summary>Without what the recorder adds: time and window.</summary>
    public static MessageRecord Of(in RefusedMessage message) => new()
    {
        ClientConnectionId = message.Asker.ClientConnectionId,
        ServerConnectionId = message.ServerConnectionId,
        Client = message.Asker.Client,
        Server = message.ServerAddress,
        MessageBytes = message.Bytes.Length,
        Place = message.Place,
        RequestNumber = message.Asker.RequestNumber,
        HeadBytesMax = message.Limits.HeadBytesMax,
        FieldCountMax = message.Limits.FieldCountMax,
        RequestLineBytesMax = message.Limits.RequestLineBytesMax,
        AllowsNonAsciiTarget = message.Limits.AllowsNonAsciiTarget,
        Part = message.Part,
        Reason = message.Reason,
        Error = message.Error,
        Method = message.Method,
        OffersUpgrade = message.OffersUpgrade,
        BeginsWithHead = message.BeginsWithHead,
        Listener = new ShortText(message.Asker.Listener),
        Route = new ShortText(message.Asker.Route),
        Upstream = new ShortText(message.Asker.Upstream),
        ServerName = new ShortText(message.ServerName),
    };
}

/// <summary>A name of at most 64 characters of ASCII, in place. Immutable.</summary>
internal readonly struct ShortText
{
    private readonly Letters _letters;
    private readonly byte _length;

    public ShortText(string? text)
    {
        if (text is null)
            return;
        Span<byte> letters = _letters;
        int length = Math.Min(text.Length, letters.Length);
        for (int i = 0; i < length; i++)
            letters[i] = text[i] is >= ' ' and <= '~' ? (byte)text[i] : (byte)'?';
        _length = (byte)length;
    }

    public bool IsEmpty => _length == 0;

    /// <summary>Whether it is this text, as far as one this short can be.</summary>
    public bool Equals(string? text)
    {
        ReadOnlySpan<byte> letters = _letters;
        letters = letters[..Math.Min((int)_length, letters.Length)];
        if (text is null || text.Length != letters.Length)
            return false;
        for (int i = 0; i < letters.Length; i++)
        {
            if (letters[i] != text[i])
                return false;
        }
        return true;
    }

    public override string ToString()
    {
        ReadOnlySpan<byte> letters = _letters;
        return Encoding.ASCII.GetString(letters[..Math.Min((int)_length, letters.Length)]);
    }

    /// <summary>Room for them.</summary>
    [InlineArray(64)]
    private struct Letters
    {
        private byte _first;
    }
}
