using System;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Caching;
using NativeProxy.Http;

namespace NativeProxy.Admin;

/// <summary>What is done to the whole process by the API: it drains, forgets a cached response, shows its configuration. Any thread.</summary>
internal sealed class ProcessApi(AdminBoards boards, ServiceState state, AdminGuard guard, AdminPowers powers) : ApiSubject
{
    private const string PurgeLasts = "what was kept is never served again; what is fetched from now on may be kept";
    private const string PurgeExpected = "expected {\"url\": \"http://HOST/PATH\"}, in visible ASCII and without a fragment\n";

    public override IReadOnlyList<ApiPath> Paths { get; } =
    [
        new("GET", "/api/config", "the configuration in force, as its file held it; needs a token in any case"),
        new("POST", "/api/drain", "stops as SIGTERM does: running exchanges have runtime.drain_timeout") { Lasts = "the process ends" },
        new("POST", "/api/cache/purge", "forgets kept responses: {\"url\": \"http://HOST/PATH\"}, as the servers are asked for it")
        {
            Lasts = PurgeLasts,
        },
    ];

    public override SmallResponse? Respond(string path, in SmallRequest request) => path switch
    {
        "/api/config" => Config(request),
        "/api/drain" => request.Method == HttpMethod.Post ? Drain() : ApiAnswer.NotAllowed("POST"),
        "/api/cache/purge" => request.Method == HttpMethod.Post ? Purge(request) : ApiAnswer.NotAllowed("POST"),
        _ => null,
    };

    /// <summary>A file may hold what only its readers should know, such as a header with a password.</summary>
    private SmallResponse Config(in SmallRequest request)
    {
        if (!ApiAnswer.IsRead(request))
            return ApiAnswer.NotAllowed("GET, HEAD");
        if (guard.RefusalWithoutToken(request) is { } refusal)
            return refusal;
        return new SmallResponse(200, "application/toml", state.Running.Text);
    }

    private SmallResponse Drain()
    {
        powers.Say("an operator wants the process to drain");
        powers.Drain();
        return ApiAnswer.Json(202, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("draining", true);
            json.WriteString("lasts", Paths[1].Lasts);
            json.WriteEndObject();
        });
    }

    private SmallResponse Purge(in SmallRequest request)
    {
        string url = "";
        string problem = JsonBody.ProblemOf(request.Body, (in property) =>
        {
            if (!property.NameEquals("url") || url.Length > 0)
                return PurgeExpected;
            url = property.Value.GetString() ?? "";
            return null;
        });
        if (problem.Length > 0 || KeyOf(url) is not { } key)
            return SmallHttpText.Plain(400, PurgeExpected);
        ulong hash = CacheKey.HashOf(key, boards.Changes.Hash);
        boards.Changes.Note(hash);
        boards.Changes.Note(CacheKey.UnderOtherScheme(hash));
        powers.Say($"kept responses to {url} are forgotten for an operator");
        return ApiAnswer.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteString("purged", url);
            json.WriteString("lasts", PurgeLasts);
            json.WriteEndObject();
        });
    }

    /// <summary>Host and target as a kept response is known by them; null when the text is no URL.</summary>
    private static byte[]? KeyOf(string url)
    {
        int start = url.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? "http://".Length
            : url.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? "https://".Length : 0;
        if (start == 0 || url.Contains('#', StringComparison.Ordinal) || url.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0)
            return null;
        int end = url.AsSpan(start).IndexOfAny('/', '?');
        string host = end < 0 ? url[start..] : url[start..(start + end)];
        string target = end < 0 ? "/" : url[(start + end)..];
        if (host.Length == 0 || host.Contains('@', StringComparison.Ordinal))
            return null;
        return Encoding.ASCII.GetBytes($"{host.ToLowerInvariant()} {(target[0] == '/' ? target : "/" + target)}");
    }
}
