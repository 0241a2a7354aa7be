using System;
using NativeProxy.Config;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// How long the process goes on serving after a stop was asked for and /health has begun to say so, before it closes its sockets: the time
/// that balancers in front of it need to notice.
/// </summary>
internal static class DrainDelay
{
    /// <summary>Zero: the sockets are closed at once.</summary>
    public static TimeSpan Of(in ProxySettings settings) => TimeSpan.FromMilliseconds(settings.Runtime.DrainDelayMs);
}
