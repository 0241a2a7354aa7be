using System;
using NativeProxy.Metrics;

namespace NativeProxy.Clients;

/// <summary>Counts final responses by the class of their status. Tables only.</summary>
internal static class ResponseClasses
{
    /// <param name="counters">Where.</param>
    /// <param name="statusCode">0 when there was none. What has no class counts as 5xx (RFC 9110 15).</param>
    public static void Count(LoopCounters counters, int statusCode)
    {
        if (statusCode >= 200)
            counters.Add((CounterId)((int)CounterId.Responses2xx + Math.Min(statusCode / 100, 5) - 2));
    }
}
