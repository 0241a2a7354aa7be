using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Exchanges;

/// <summary>
/// What one request has said that still counts when its head has left the scratch. Immutable; part of an <see cref="Exchange"/>.
/// </summary>
internal readonly struct RequestFacts
{
    private readonly ConnectionOptions _options;
    private readonly bool _hasUserAgent;
    private readonly bool _runsBesideOthers;

    /// <param name="head">The parsed head.</param>
    /// <param name="intake">What was read besides it.</param>
    /// <param name="upgrade">The protocol that the server will be asked to switch to, or null.</param>
    public RequestFacts(RequestHead head, in RequestIntake intake, byte[]? upgrade)
    {
        _options = intake.Options;
        _hasUserAgent = head.Fields.Contains(KnownHeader.UserAgent);
        _runsBesideOthers = intake.RunsBesideOthers(head);
        Method = head.MethodKind;
        MinorVersion = head.MinorVersion;
        Upgrade = upgrade;
        ExpectsContinue = head.MinorVersion == 1 && head.Fields.Contains(KnownHeader.Expect);
        AuthenticatesConnection = intake.AuthenticatesConnection;
    }

    public HttpMethod Method { get; }

    /// <summary>Minor version of HTTP/1.</summary>
    public int MinorVersion { get; }

    /// <summary>The protocol that the server is asked to switch to, or null.</summary>
    public byte[]? Upgrade { get; }

    /// <summary>The client waits for 100 Continue before it sends the body, for a while at least (RFC 9110 10.1.1).</summary>
    public bool ExpectsContinue { get; }

    /// <summary>It carries credentials that stand for its connection from then on.</summary>
    public bool AuthenticatesConnection { get; }

    public bool SaysClose => _options.Close;

    public bool SaysKeepAlive => _options.KeepAlive;

    /// <summary>True when the client announced that nothing follows this request.</summary>
    public bool IsLastOfClient => SaysClose || (MinorVersion == 0 && !SaysKeepAlive);

    /// <summary>True when FIN of this client probably means that it waits for the response, not that it has left (policy <c>auto</c>).</summary>
    public bool IsByHalfCloser => IsOfHalfCloser(_options, MinorVersion, _hasUserAgent);

    /// <summary>The same, of a head that was only looked at.</summary>
    public static bool IsOfHalfCloser(RequestHead head, in ConnectionOptions options) =>
        IsOfHalfCloser(options, head.MinorVersion, head.Fields.Contains(KnownHeader.UserAgent));

    /// <summary>True when further requests may begin beside this one.</summary>
    public bool RunsBesideOthers => _runsBesideOthers && !IsLastOfClient;

    /// <summary>
    /// True when it may share a server connection with other requests in flight. GET alone: every answer to it is delimited by what it says
    /// itself, while a server that answers HEAD with a body would put that before the next answer.
    /// </summary>
    public bool IsPipelinable => _runsBesideOthers && Method == HttpMethod.Get;

    private static bool IsOfHalfCloser(in ConnectionOptions options, int minorVersion, bool hasUserAgent) =>
        options.Close || minorVersion == 0 || !hasUserAgent;
}
