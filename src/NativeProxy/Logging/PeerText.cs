using System;
using NativeProxy.Foundation;

namespace NativeProxy.Logging;

/// <summary>Text of a peer's address, without the port; <c>-</c> when there is none. Stateless.</summary>
internal static class PeerText
{
    public static void Append(LogText text, in PeerAddress peer)
    {
        Span<byte> bytes = stackalloc byte[PeerAddress.TextBytesMax];
        text.Append(bytes[..peer.WriteText(bytes)]);
    }
}
