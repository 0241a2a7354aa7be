using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Clients.Http1;

/// <summary>
/// What one request has said of its connection that still counts when its head has left the scratch. Immutable; part of a stream.
/// </summary>
internal readonly struct RequestFacts
{
    private readonly bool _hasUserAgent;
    private readonly bool _runsBesideOthers;

    /// <param name="head">The parsed head.</param>
    /// <param name="intake">What was read besides it.</param>
    public RequestFacts(RequestHead head, in RequestIntake intake)
    {
        Method = head.MethodKind;
        MinorVersion = head.MinorVersion;
        SaysClose = intake.Options.Close;
        SaysKeepAlive = intake.Options.KeepAlive;
        _hasUserAgent = head.Fields.Contains(KnownHeader.UserAgent);
        _runsBesideOthers = intake.RunsBesideOthers(head);
    }

    public HttpMethod Method { get; }

    /// <summary>Minor version of HTTP/1.</summary>
    public int MinorVersion { get; }

    public bool SaysClose { get; }

    public bool SaysKeepAlive { get; }

    /// <summary>True when the client announced that nothing follows this request.</summary>
    public bool IsLastOfClient => SaysClose || (MinorVersion == 0 && !SaysKeepAlive);

    /// <summary>True when FIN of this client probably means that it waits for the response, not that it has left (policy <c>auto</c>).</summary>
    public bool IsByHalfCloser => SaysClose || MinorVersion == 0 || !_hasUserAgent;

    /// <summary>True when further requests may begin beside this one.</summary>
    public bool RunsBesideOthers => _runsBesideOthers && !IsLastOfClient;

    /// <summary>As <see cref="IsByHalfCloser"/>, of a head that was only looked at.</summary>
    public static bool IsOfHalfCloser(RequestHead head, in ConnectionOptions options) =>
        options.Close || head.MinorVersion == 0 || !head.Fields.Contains(KnownHeader.UserAgent);
}
