namespace NativeProxy.Tests.Layers;

/// <summary>Which engine a connection under test is of, and what is spoken on it: records of the tests' own, or TLS.</summary>
public enum LinkKind
{
    Saea,
    Epoll,
    SimulatedCompletion,
    SimulatedReadiness,
    SaeaTls12,
    EpollTls12,
    SimulatedCompletionTls12,
    SimulatedReadinessTls12,
    SaeaTls13,
    EpollTls13,
    SimulatedCompletionTls13,
    SimulatedReadinessTls13,
}

/// <summary>The two halves of a <see cref="LinkKind"/>.</summary>
internal static class LinkKinds
{
    private const int EngineCount = 4;

    /// <summary>The engine alone.</summary>
    public static LinkKind Engine(this LinkKind kind) => (LinkKind)((int)kind % EngineCount);

    /// <summary>The same engine with TLS of this version.</summary>
    public static LinkKind WithTls(this LinkKind kind, int version) =>
        (LinkKind)((int)kind.Engine() + (version == NativeProxy.Transport.Tls.TlsTerms.Tls13 ? 2 * EngineCount : EngineCount));

    /// <summary>The version of TLS; 0 for records.</summary>
    public static int TlsVersion(this LinkKind kind) => ((int)kind / EngineCount) switch
    {
        0 => 0,
        1 => NativeProxy.Transport.Tls.TlsTerms.Tls12,
        _ => NativeProxy.Transport.Tls.TlsTerms.Tls13,
    };

    /// <summary>Over loopback, and not simulated.</summary>
    public static bool IsReal(this LinkKind kind) => kind.Engine() is LinkKind.Saea or LinkKind.Epoll;
}
