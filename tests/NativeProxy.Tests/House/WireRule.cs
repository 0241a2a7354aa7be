using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NativeProxy.Tests.House;

/// <summary>
/// The message without its wire: who deals with what a message means names no socket, no minor version and no frame of a body. These are the matter
/// of the faces and their codecs, so that another version of HTTP is one more face and nothing else.
/// </summary>
internal static class WireRule
{
    private static readonly string[] Rooms = ["Exchanges", "Routing", "Caching", "Claims", "Tracing", "Rewriting"];

    private static readonly HashSet<string> OfTheWire = new(StringComparer.Ordinal)
    {
        "TcpConnection", "IConnectionOwner", "SendResult", "MinorVersion", "ClientMinorVersion", "BodyFraming", "BodyKind", "BodyReader",
        "BodyWriter", "ChunkedDecoder", "MessageFraming", "ConnectionOptions", "ConnectionTerms", "FramingFields",
    };

    /// <summary>One line per use.</summary>
    public static IEnumerable<string> Violations(ProductCode code) =>
        from tree in code.Trees
        where Rooms.Contains(ProductCode.RoomOf(tree))
        from use in code.Names(tree)
        where OfTheWire.Contains(use.Symbol.Name)
        select $"{ProductCode.PlaceOf(use.Name)}: {use.Symbol.Name} is the wire's";
}
