using Xunit;

namespace NativeProxy.Tests.Layers;

/// <summary>Every engine, with accepted and with outgoing connections.</summary>
public static class LinkData
{
    public static readonly LinkKind[] Kinds = [LinkKind.Saea, LinkKind.Epoll, LinkKind.SimulatedCompletion, LinkKind.SimulatedReadiness];

    public static TheoryData<LinkKind, bool> Links { get; } = Make(Kinds);

    public static TheoryData<LinkKind, bool> Simulated { get; } = Make([LinkKind.SimulatedCompletion, LinkKind.SimulatedReadiness]);

    public static TheoryData<LinkKind> Engines { get; } = [.. Kinds];

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
