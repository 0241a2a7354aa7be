using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>`[log.traces]`: where spans of exchanges go.</summary>
[SettingsTable(Doc = "Where traces go: a span for each sampled exchange of listeners with traceparent = \"create\" in [listener.trace], by the "
    + "protocol of OpenTelemetry (OTLP over HTTP, in JSON).")]
internal readonly partial struct LogTracesSettings
{
    /// <summary>What an endpoint without a path stands for.</summary>
    public const string DefaultTarget = "/v1/traces";

    [Setting("endpoint", Default = "", Pattern = "^$|^https?://[!-~]+$",
        Doc = "URL of the collector, such as \"http://127.0.0.1:4318\", where a name is looked up as [resolver] says; without a path, /v1/traces of "
        + "it is asked. The certificate of an https:// one must be of an authority that the system knows. Empty = no spans.")]
    public partial string Endpoint { get; init; }

    [Setting("service", Default = "nativeproxy", Pattern = "^.+$", Doc = "The name of the service that the spans are of (service.name).")]
    public partial string Service { get; init; }

    [Setting("headers", Doc = "Fields that the collector wants besides, such as Authorization.")]
    public partial ImmutableArray<NamedText> Headers { get; init; }

    /// <summary>Whether spans go to the same place in the same way.</summary>
    public bool IsSameAs(in LogTracesSettings other) =>
        Endpoint == other.Endpoint && Service == other.Service && HeaderText == other.HeaderText;

    /// <summary>The fields as they stand in a request, each with its line end.</summary>
    public string HeaderText
    {
        get
        {
            string text = "";
            foreach (NamedText header in Headers)
                text += $"{header.Name}: {header.Text}\r\n";
            return text;
        }
    }
}
