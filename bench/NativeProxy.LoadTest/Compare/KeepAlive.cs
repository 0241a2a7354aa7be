using System.Collections.Immutable;

namespace NativeProxy.LoadTest.Compare;

/// <summary>On which sides of a proxy connections persist.</summary>
internal readonly record struct KeepAlive(bool Client, bool Server)
{
    public static readonly KeepAlive Both = new(true, true);

    /// <summary>Every combination, the one that the others are compared with first.</summary>
    public static readonly ImmutableArray<KeepAlive> All = [Both, new(true, false), new(false, true), new(false, false)];

    public override string ToString() => $"client={Word(Client)} server={Word(Server)}";

    private static string Word(bool isOn) => isOn ? "on" : "off";
}
