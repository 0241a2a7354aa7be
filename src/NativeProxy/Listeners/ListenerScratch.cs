using System;
using System.Collections.Immutable;
using NativeProxy.Config;
using NativeProxy.Http1;
using NativeProxy.Transport;

namespace NativeProxy.Listeners;

/// <summary>How much scratch the listeners of one loop need together. Pure.</summary>
internal static class ListenerScratch
{
    /// <summary>A scratch in which the longest head of any of these listeners fits.</summary>
    public static WireScratch For(ImmutableArray<ListenerSettings> listeners)
    {
        int headBytesMax = 0;
        int fieldsMax = 1;
        foreach (ListenerSettings listener in listeners)
        {
            headBytesMax = Math.Max(headBytesMax, listener.Limits.HeaderBytes);
            fieldsMax = Math.Max(fieldsMax, listener.Limits.HeaderCount);
        }
        return new WireScratch(headBytesMax, fieldsMax, EventLoop.ReceiveBytesMax);
    }
}
