namespace NativeProxy.Config;

/// <summary>Whether requests get an id.</summary>
internal enum RequestIdPolicy
{
    [SettingChoice("off", Doc = "they get none; one that came passes")]
    Off,

    [SettingChoice("keep", Doc = "a sound one that came is kept; where proxies are trusted, only theirs")]
    Keep,

    [SettingChoice("replace", Doc = "each gets a new one")]
    Replace,
}

/// <summary>What becomes of traceparent and tracestate (W3C Trace Context).</summary>
internal enum TraceParentPolicy
{
    [SettingChoice("pass", Doc = "they pass")]
    Pass,

    [SettingChoice("create", Doc = "a trace that came is continued with a new parent id; where none came, or an invalid one, a trace begins")]
    Create,

    [SettingChoice("off", Doc = "they are removed")]
    Off,
}

/// <summary>`[listener.trace]`: under which names a request is known to servers and logs.</summary>
[SettingsTable(Doc = "Names by which a request is found again in the logs of servers.")]
internal readonly partial struct ListenerTraceSettings
{
    [Setting("request_id", Default = "off", Doc = "Whether requests get an id, for the server and the access log.")]
    public partial RequestIdPolicy RequestId { get; init; }

    [Setting("request_id_header", Default = "X-Request-ID", Pattern = TokenText.Pattern, Doc = "Field that carries the id.")]
    public partial string RequestIdHeader { get; init; }

    [Setting("request_id_response", Default = false, Doc = "Whether responses carry it, too, those of the proxy itself included.")]
    public partial bool RequestIdResponse { get; init; }

    [Setting("traceparent", Default = "pass", Doc = "What becomes of traceparent and tracestate (W3C Trace Context).")]
    public partial TraceParentPolicy TraceParent { get; init; }

    [Setting("sample", Default = 1, Min = 1, Max = 1_000_000,
        Doc = "One in so many of the traces that begin here is a sampled one: servers that follow their parent record only those, and so does "
        + "log.traces. A trace that came is sampled if its caller says so.")]
    public partial int Sample { get; init; }
}
