using System.Threading.Tasks;

namespace NativeProxy.Upstreams.Discovery;

/// <summary>Where the servers of one upstream come from. Asked again and again, once at a time; control plane.</summary>
internal abstract class ServerSource
{
    /// <summary>Servers that one look finds at most: which of them are taken is decided by who knows those that were there before.</summary>
    public const int FoundMax = 4096;

    /// <summary>How messages name it.</summary>
    public abstract string Name { get; }

    /// <summary>Looks once. Never fails: the answer says what came of it.</summary>
    public abstract Task<SourceAnswer> Find();
}
