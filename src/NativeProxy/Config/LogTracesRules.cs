using System;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>The rules about `[log.traces]`. Appends every breach, and what is probably not meant, to the errors. Lives for one load.</summary>
internal sealed class LogTracesRules(ProxySettings settings, SettingPlaces places, SettingsErrors errors)
{
    /// <summary>What the proxy writes itself when it sends spans.</summary>
    private static readonly string[] Own =
        ["connection", "content-encoding", "content-length", "content-type", "host", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"];

    public void CheckAll()
    {
        LogTracesSettings traces = settings.Log.Traces;
        if (traces.Endpoint.Length > 0 && !HttpUrl.TryParse(traces.Endpoint, out _, mayBeSecure: true))
        {
            Break("log.traces.endpoint", $"{ErrorExcerpt.Quoted(traces.Endpoint)} is no URL of a collector",
                "\"http://host:port\", or with https:// or a path; the port of OTLP over HTTP is 4318");
        }
        if (traces.Service.Length == 0)
            Break("log.traces.service", "the name of the service is empty", "a name such as \"nativeproxy\"");
        foreach (NamedText header in traces.Headers)
        {
            if (FixedFieldText.ProblemOf(header, Own, out string expected) is { Length: > 0 } problem)
                Break("log.traces.headers", problem, expected);
        }
        bool hasTraces = false;
        for (int i = 0; i < settings.Listeners.Length; i++)
        {
            ListenerTraceSettings trace = settings.Listeners[i].Trace;
            hasTraces |= trace.TraceParent == TraceParentPolicy.Create;
            if (trace is { Sample: > 1, TraceParent: not TraceParentPolicy.Create })
                Warn($"listener[{i}].trace.sample", "no trace begins here, so that none is sampled", "add traceparent = \"create\"");
        }
        if (traces.Endpoint.Length > 0 && !hasTraces)
        {
            Warn("log.traces.endpoint", "no listener takes part in a trace, so that there are no spans",
                "traceparent = \"create\" in [listener.trace]");
        }
    }

    private void Warn(string path, string problem, string hint)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Warn(places.Of(path), problem, hint);
    }

    private void Break(string path, string problem, string expected)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected);
    }
}
