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
internal sealed class SessionApi(AdminGuard guard, AdminPowers powers) : ApiSubject
{
    private const string List = "/api/sessions";
    private const string One = "/api/sessions/";
    private const string EndWord = "/end";

    /// <summary>How long an answer is good enough for whoever asks the same.</summary>
    private const long FreshMs = 1000;

    private static readonly SmallResponse NotThere = SmallHttpText.Plain(
        404, "no such session: it may have ended by itself; /api/sessions lists them\n");

    private static readonly SmallResponse Unsure = Again(
        "a worker has not answered in time: whether the session is one of its, and what became of it, nobody knows; ask again\n");

    private static readonly SmallResponse Busy = Again("too many questions wait for the workers; ask again in a moment\n");

    private readonly object _gate = new();
    private string _lastQuery = "";
    private long _lastMs;
    private Task<SmallResponse>? _last;

    public override IReadOnlyList<ApiPath> Paths { get; } =
    [
        new("GET", List, "client connections: what each does and waits for, and which times run; id=, client=, listener=, server=, state=, "
            + "order=newest, oldest or longest, count=1 to 1000 (100), query=shown, which needs a token in any case"),
        new("GET", One + "ID", "one of them"),
        new("DELETE", One + "ID", "ends one, with what runs on it: its close reason is ended_by_operator") { Lasts = "it is gone" },
        new("POST", One + "ID" + EndWord, "the same") { Lasts = "it is gone" },
    ];

    public override SmallResponse? Respond(string path, in SmallRequest request)
    {
        if (path == List)
            return ApiAnswer.IsRead(request) ? Sessions(request) : ApiAnswer.NotAllowed("GET, HEAD");
        if (!path.StartsWith(One, StringComparison.Ordinal))
            return null;
        string number = path[One.Length..];
        bool isEnd = number.EndsWith(EndWord, StringComparison.Ordinal);
        number = isEnd ? number[..^EndWord.Length] : number;
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long id))
            return null;
        if (!isEnd && ApiAnswer.IsRead(request))
            return id == 0 ? NotThere : SmallResponse.After(Session(id));
        return request.Method == (isEnd ? HttpMethod.Post : HttpMethod.Delete) ? SmallResponse.After(End(id))
            : ApiAnswer.NotAllowed(isEnd ? "POST" : "GET, HEAD, DELETE");
    }

    private SmallResponse Sessions(in SmallRequest request)
    {
        string query = Encoding.Latin1.GetString(request.Query);
        if (SessionQuestion.TryParse(query, out string problem) is not { } question)
            return SmallHttpText.Plain(400, problem + "\n");
        if (question.ShowsQuery && guard.RefusalWithoutToken(request) is { } refusal)
            return refusal;
        lock (_gate)
        {
            long nowMs = Environment.TickCount64;
            bool isKept = _last is not null && query == _lastQuery && nowMs - _lastMs < FreshMs && !HasFailed(_last);
            if (!isKept)
                (_last, _lastQuery, _lastMs) = (Gather(question), query, nowMs);
            return SmallResponse.After(_last!);
        }
    }

    private static bool HasFailed(Task<SmallResponse> answer) =>
        answer.IsCompleted && answer is not { IsCompletedSuccessfully: true, Result.StatusCode: 200 };

    private static SmallResponse Again(string text) => SmallHttpText.Plain(503, text, "Retry-After: 1\r\n");

    private async Task<SmallResponse> Gather(SessionQuestion question)
    {
        if (await powers.AskWorkers($"{WorkerQuestion.Sessions} {question.Line}") is not { } answers)
            return Busy;
        List<JsonElement> found = Parsed(answers, out int answeredCount);
        string key = question.Order == SessionOrder.Longest ? "state_ms" : "age_ms";
        int sign = question.Order == SessionOrder.Newest ? 1 : -1;
        found.Sort((one, other) => sign * one.GetProperty(key).GetInt64().CompareTo(other.GetProperty(key).GetInt64()));
        return ApiAnswer.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("workers_asked", answers.Count);
            json.WriteNumber("workers_answered", answeredCount);
            json.WriteBoolean("more", found.Count >= question.CountMax);
            json.WriteStartArray("sessions");
            for (int i = 0; i < Math.Min(found.Count, question.CountMax); i++)
                found[i].WriteTo(json);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static List<JsonElement> Parsed(IReadOnlyList<byte[]> answers, out int answeredCount)
    {
        var found = new List<JsonElement>();
        answeredCount = 0;
        foreach (byte[] answer in answers)
        {
            if (answer.Length == 0)
                continue;
            answeredCount++;
            using var document = JsonDocument.Parse(answer);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
                continue;
            foreach (JsonElement session in document.RootElement.EnumerateArray())
                found.Add(session.Clone());
        }
        return found;
    }

    private async Task<SmallResponse> Session(long id)
    {
        if (await powers.AskWorkers(string.Create(CultureInfo.InvariantCulture, $"{WorkerQuestion.Sessions} id={id}")) is not { } answers)
            return Busy;
        List<JsonElement> found = Parsed(answers, out int answeredCount);
        if (found.Count == 0)
            return answeredCount < answers.Count ? Unsure : NotThere;
        return ApiAnswer.Json(200, json =>
        {
            json.WriteStartObject();
            json.WritePropertyName("session");
            found[0].WriteTo(json);
            json.WriteEndObject();
        });
    }

    private async Task<SmallResponse> End(long id)
    {
        if (await powers.AskWorkers(string.Create(CultureInfo.InvariantCulture, $"{WorkerQuestion.End} {id}")) is not { } answers)
            return Busy;
        bool isFound = false;
        bool haveAllAnswered = true;
        foreach (byte[] answer in answers)
        {
            isFound |= answer.AsSpan().SequenceEqual("true"u8);
            haveAllAnswered &= answer.Length > 0;
        }
        if (!isFound && !haveAllAnswered)
            return Unsure;
        if (!isFound)
            return NotThere;
        powers.Say($"session {id} is ended by an operator");
        return ApiAnswer.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("ended", id);
            json.WriteString("lasts", Paths[2].Lasts);
            json.WriteEndObject();
        });
    }
}
