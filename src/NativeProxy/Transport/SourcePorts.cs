using System;
using NativeProxy.Config;

namespace NativeProxy.Transport;

/// <summary>
/// The ports that connections of one loop to one server come from, one after the other, so that one that was closed has time to be forgotten by
/// both kernels (TIME_WAIT). Begins at a place of its own, since other processes take ports of the same range, and since a process before this one
/// may have. Knows of no port whether it is free: the kernel says so, and another one is asked for. Thread: the loop.
/// </summary>
/// <param name="range">First and last of them.</param>
/// <param name="start">Which one comes first, counted from 0; any number.</param>
internal sealed class SourcePorts(PortRange range, int start)
{
    /// <summary>Ports that are tried for one connection at most: some hundred microseconds, and nobody else's turn meanwhile.</summary>
    public const int TriesMax = 64;

    /// <summary>After so many of them in order there may be a whole block that is taken: further ones are looked for elsewhere.</summary>
    private const int TriesInOrder = 32;

    private int _next = (int)((uint)start % (uint)CountOf(range));

    /// <summary>First and last of them.</summary>
    public PortRange Range => range;

    /// <summary>Ports to be tried for one connection: all, where they are not too many.</summary>
    public int Tries => Math.Min(CountOf(range), TriesMax);

    /// <summary>Beginning at a place that chance has chosen.</summary>
    public static SourcePorts Of(PortRange range) => new(range, Random.Shared.Next());

    /// <summary>The next port.</summary>
    /// <param name="tried">How many were taken for the same connection.</param>
    public int Next(int tried)
    {
        if (tried >= TriesInOrder && CountOf(range) > TriesMax)
            _next = Random.Shared.Next(CountOf(range));
        int port = range.First + _next;
        _next = (_next + 1) % CountOf(range);
        return port;
    }

    private static int CountOf(PortRange range) => range.Last - range.First + 1;
}
