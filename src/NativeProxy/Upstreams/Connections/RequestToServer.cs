using System;
using NativeProxy.Http;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// What is asked of a server, besides its body, in whichever version it is then said. Its texts stand in one piece, so that one copy keeps them.
/// Lent for one call.
/// </summary>
/// <param name="text">Words and lines.</param>
/// <param name="wordBytes">How many are the words.</param>
internal readonly ref struct RequestToServer(ReadOnlySpan<byte> text, int wordBytes)
{
    /// <summary>A name of DNS, a port and what stands around them.</summary>
    private const int HostLineBytesMax = 280;

    public ReadOnlySpan<byte> Text { get; } = text;

    public int WordBytes { get; } = wordBytes;

    /// <summary>
    /// The method, one SP, which no method holds, and the target as an origin server gets it (RFC 9112 section 3.2): an HTTP/1 request line up to
    /// its version; another version takes them apart.
    /// </summary>
    public ReadOnlySpan<byte> Words => Text[..WordBytes];

    /// <summary>
    /// The fields, as canonical lines, Host among them unless <see cref="LacksHost"/>; without those that frame the message or speak of its
    /// connection.
    /// </summary>
    public ReadOnlySpan<byte> Lines => Text[WordBytes..];

    public required BodyLength Body { get; init; }

    /// <summary>The server is told that its connection is used once only.</summary>
    public bool IsOnlyOne { get; init; }

    /// <summary>Host is the name of whichever server is asked: <see cref="ServerWords.HostName"/>.</summary>
    public bool LacksHost { get; init; }

    /// <summary>Never longer than that, with the name of a server.</summary>
    public int BytesMax => Text.Length + (LacksHost ? HostLineBytesMax : 0);
}

/// <summary>What a stream has to know of a request for as long as it waits for its answer.</summary>
internal readonly struct AnswerTerms
{
    /// <summary>Decides which answers have a body.</summary>
    public required HttpMethod Method { get; init; }

    /// <summary>The protocol that the server is asked to switch to, or null.</summary>
    public byte[]? Upgrade { get; init; }

    /// <summary>The client waits for an interim response before it sends the body.</summary>
    public bool ExpectsContinue { get; init; }

    /// <summary>Longest silence of a server that must act; 0 = no limit.</summary>
    public long TimeoutMs { get; init; }

    /// <summary>Longest time of a connect; 0 = that of the upstream.</summary>
    public long ConnectTimeoutMs { get; init; }
}
