using NativeProxy.Config;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// How large a message head may be, and which bytes its target may hold. Immutable; taken from the listener or upstream settings at load time.
/// </summary>
/// <param name="HeadBytesMax">Request or status line, all field lines and the blank line.</param>
/// <param name="FieldCountMax">Field lines; the capacity of the <see cref="HeaderTable"/> is a limit as well.</param>
/// <param name="RequestLineBytesMax">The request line without its CRLF; not used for responses.</param>
/// <param name="AllowsNonAsciiTarget">Path and query may hold bytes above 0x7f, which no URI has; a host never does. Not used for responses.</param>
internal readonly record struct HeadLimits(int HeadBytesMax, int FieldCountMax, int RequestLineBytesMax, bool AllowsNonAsciiTarget = false)
{
    /// <summary>Those of the requests of a listener.</summary>
    public static HeadLimits Of(in ListenerSettings listener) => new(
        listener.Limits.HeaderBytes, listener.Limits.HeaderCount, listener.Limits.RequestLineBytes,
        listener.NonAsciiTarget == NonAsciiTargetPolicy.Pass);
}
