using System;
using System.Linq;
using Xunit;
using static NativeProxy.Transport.Tls.TlsTerms;

namespace NativeProxy.Tests.Layers;

/// <summary>Every engine, with accepted and with outgoing connections, in records and with TLS.</summary>
public static class LinkData
{
    private static readonly LinkKind[] Kinds = Enum.GetValues<LinkKind>();
    private static readonly LinkKind[] RecordKinds = [.. Kinds.Where(static kind => kind.TlsVersion() == 0)];

    public static TheoryData<LinkKind, bool> Links { get; } = Make(Kinds);

    /// <summary>For what a test says of records only.</summary>
    public static TheoryData<LinkKind, bool> RecordLinks { get; } = Make(RecordKinds);

    public static TheoryData<LinkKind, bool> RecordSimulated { get; } = Make([.. RecordKinds.Where(static kind => !kind.IsReal())]);

    public static TheoryData<LinkKind, bool> Real { get; } = Make([.. Kinds.Where(static kind => kind.IsReal())]);

    public static TheoryData<LinkKind> Engines { get; } = [.. Kinds];

    public static TheoryData<LinkKind> RecordEngines { get; } = [.. RecordKinds];

    /// <summary>A client has its keys before its last flight, so that data may come with it; a server may send what nobody asked for.</summary>
    public static TheoryData<LinkKind> LateSecured { get; } = [.. Kinds.Where(static kind => kind.TlsVersion() != Tls12)];

    public static TheoryData<LinkKind, bool> TlsLinks { get; } = Make([.. Kinds.Where(static kind => kind.TlsVersion() != 0)]);

    /// <summary>One simulated engine with both versions, for what no engine can change.</summary>
    public static TheoryData<LinkKind, bool> TlsAlone { get; } = Make([LinkKind.SimulatedReadinessTls12, LinkKind.SimulatedReadinessTls13]);

    private static TheoryData<LinkKind, bool> Make(LinkKind[] kinds)
    {
        var data = new TheoryData<LinkKind, bool>();
        foreach (LinkKind kind in kinds)
        {
            data.Add(kind, false);
            data.Add(kind, true);
        }
        return data;
    }
}
