using System;
using System.Collections.Generic;
using System.Text.Json;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Admin;

/// <summary>The part of the API that shows and sets from which level on lines of the proxy itself are written. Any thread.</summary>
internal sealed class LogApi(ServiceState state, AdminPowers powers) : ApiSubject
{
    private const string Lasts =
        "over reloads, until one whose file says another log.level than before; not over a restart or an upgrade, which begin with the file";

    private const string Expected = $"expected {{\"level\": \"WORD\"}}, of these words: {LogLevels.Names}\n";

    public override IReadOnlyList<ApiPath> Paths { get; } =
    [
        new("GET", "/api/log", "from which level on lines of the proxy itself are written"),
        new("PATCH", "/api/log", $"sets \"level\" ({LogLevels.Names}) in all processes") { Lasts = Lasts },
    ];

    public override SmallResponse? Respond(string path, in SmallRequest request)
    {
        if (path != "/api/log")
            return null;
        if (ApiAnswer.IsRead(request))
            return ApiAnswer.Json(200, json => Write(json, powers.LogLevel(), isChange: false));
        if (request.Method != HttpMethod.Patch)
            return ApiAnswer.NotAllowed("GET, HEAD, PATCH");
        if (LevelIn(request.Body) is not { } level)
            return SmallHttpText.Plain(400, Expected);
        powers.SetLogLevel(level);
        return ApiAnswer.Json(200, json => Write(json, level, isChange: true));
    }

    private void Write(Utf8JsonWriter json, LogLevel level, bool isChange)
    {
        json.WriteStartObject();
        json.WriteString("level", LogLevels.NameOf(level));
        json.WriteString("level_in_file", LogLevels.NameOf(state.Running.Settings.Log.Level));
        if (isChange)
            json.WriteString("lasts", Lasts);
        json.WriteEndObject();
    }

    /// <summary>Null when the body is not one object with one level and nothing else.</summary>
    private static LogLevel? LevelIn(ReadOnlySpan<byte> body)
    {
        LogLevel? level = null;
        string problem = JsonBody.ProblemOf(body, (in property) =>
        {
            bool isFirst = property.NameEquals("level") && level is null;
            return isFirst && (level = LogLevels.Named(property.Value.GetString())) is not null ? null : Expected;
        });
        return problem.Length == 0 ? level : null;
    }
}
