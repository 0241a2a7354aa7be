using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.Http;

namespace NativeProxy.Admin;

/// <summary>
/// The sessions of clients in the API: which there are, what they do, and their end. The workers are asked; an answer is kept for a moment, so that
/// many who look at the same cost no more than one. Any thread.
/// </summary>
internal sealed class SessionApi(AdminPowers powers) : ApiSubject
{
    private const string List = "/api/sessions";
    private const string One = "/api/sessions/";
    private const string EndWord = "/end";

    /// <summary>How long an answer is good enough for whoever asks the same.</summary>
    private const long FreshMs = 1000;

    private readonly object _gate = new();
    private string _lastQuery = "";
    private long _lastMs;
    private Task<SmallResponse>? _last;

    public override IReadOnlyList<ApiPath> Paths { get; } =
    [
        new("GET", List, "client connections: what each does and waits for; client=, listener=, server=, state=, order=newest, oldest or longest, "
            + "count=1 to 1000 (100), query=shown"),
        new("DELETE", One + "ID", "ends one, with what runs on it: its close reason is ended_by_operator") { Lasts = "it is gone" },
        new("POST", One + "ID" + EndWord, "the same") { Lasts = "it is gone" },
    ];

    public override SmallResponse? Respond(string path, in SmallRequest request)
    {
        if (path == List)
            return ApiAnswer.IsRead(request) ? Sessions(QueryOf(request)) : ApiAnswer.NotAllowed("GET, HEAD");
        if (!path.StartsWith(One, StringComparison.Ordinal))
            return null;
        bool isEnd = path.EndsWith(EndWord, StringComparison.Ordinal);
        string number = path[One.Length..(isEnd ? ^EndWord.Length : ^0)];
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long id))
            return null;
        return request.Method == (isEnd ? HttpMethod.Post : HttpMethod.Delete) ? SmallResponse.After(End(id))
            : ApiAnswer.NotAllowed(isEnd ? "POST" : "DELETE");
    }

    private static string QueryOf(in SmallRequest request) =>
        request.Target.Length == request.Path.Length ? "" : Encoding.Latin1.GetString(request.Target[(request.Path.Length + 1)..]);

    private SmallResponse Sessions(string query)
    {
        if (SessionQuestion.TryParse(query, out string problem) is not { } question)
            return SmallHttpText.Plain(400, problem + "\n");
        lock (_gate)
        {
            long nowMs = Environment.TickCount64;
            if (_last is null || query != _lastQuery || nowMs - _lastMs >= FreshMs)
                (_last, _lastQuery, _lastMs) = (Gather(question), query, nowMs);
            return SmallResponse.After(_last);
        }
    }

    private async Task<SmallResponse> Gather(SessionQuestion question)
    {
        IReadOnlyList<byte[]> answers = await powers.AskWorkers($"{WorkerQuestion.Sessions} {question.Line}");
        var found = new List<JsonElement>();
        foreach (byte[] answer in answers)
        {
            using var document = JsonDocument.Parse(answer);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
                continue;
            foreach (JsonElement session in document.RootElement.EnumerateArray())
                found.Add(session.Clone());
        }
        string key = question.Order == SessionOrder.Longest ? "state_ms" : "age_ms";
        int sign = question.Order == SessionOrder.Newest ? 1 : -1;
        found.Sort((one, other) => sign * one.GetProperty(key).GetInt64().CompareTo(other.GetProperty(key).GetInt64()));
        return ApiAnswer.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("workers_answered", answers.Count);
            json.WriteBoolean("more", found.Count >= question.CountMax);
            json.WriteStartArray("sessions");
            for (int i = 0; i < Math.Min(found.Count, question.CountMax); i++)
                found[i].WriteTo(json);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private async Task<SmallResponse> End(long id)
    {
        bool isFound = false;
        foreach (byte[] answer in await powers.AskWorkers(string.Create(CultureInfo.InvariantCulture, $"{WorkerQuestion.End} {id}")))
            isFound |= answer.AsSpan().SequenceEqual("true"u8);
        if (!isFound)
            return SmallHttpText.Plain(404, "no such session: it may have ended by itself; /api/sessions lists them\n");
        powers.Say($"session {id} is ended by an operator");
        return ApiAnswer.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("ended", id);
            json.WriteString("lasts", Paths[1].Lasts);
            json.WriteEndObject();
        });
    }
}
