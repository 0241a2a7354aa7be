using System.Net;

namespace NativeProxy.Logging;

/// <summary>
/// Where a syslog or the journal is. Nobody waits here: what is not known is found out meanwhile. Owner: a <see cref="LogSocket"/>; its thread.
/// </summary>
internal abstract class LogAddress
{
    /// <summary>There is one more that <see cref="Next"/> has not given since it gave the first.</summary>
    public virtual bool HasNext => false;

    /// <summary>One that does not change.</summary>
    public static LogAddress Of(EndPoint endPoint) => new Fixed(endPoint);

    /// <summary>
    /// Where to connect to now: each time another one, where there are several. Null with why, or without that while it is to be known soon.
    /// </summary>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <param name="problem">Empty = ask again in a moment.</param>
    public abstract EndPoint? Next(long nowMs, out string problem);

    /// <summary>False: whoever is connected there should leave it for the next one.</summary>
    /// <param name="endPoint">In use.</param>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    public virtual bool IsCurrent(EndPoint endPoint, long nowMs) => true;

    /// <summary>An address, or a path.</summary>
    private sealed class Fixed(EndPoint endPoint) : LogAddress
    {
        public override EndPoint? Next(long nowMs, out string problem)
        {
            problem = "";
            return endPoint;
        }
    }
}
