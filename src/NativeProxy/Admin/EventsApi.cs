using System;
using System.Text;

namespace NativeProxy.Admin;

/// <summary>What happens, told as it does (<see cref="EventStream"/>), in the API. Whoever asks has been let in. Any thread.</summary>
internal sealed class EventsApi(AdminGuard guard, TimeProvider time)
{
    /// <summary>Where it is.</summary>
    public const string Path = "/api/events";

    private readonly EventFeed _feed = new(time);

    /// <summary>The answer: a stream, or why there is none.</summary>
    /// <param name="request">Whoever makes it may read.</param>
    /// <param name="read">Answers a target to whoever may read.</param>
    public SmallResponse Respond(in SmallRequest request, Func<string, SmallResponse> read)
    {
        if (!ApiAnswer.IsRead(request))
            return ApiAnswer.NotAllowed("GET, HEAD");
        if (EventQuestion.TryParse(Encoding.Latin1.GetString(request.Query), out string problem) is not { } question)
            return SmallHttpText.Plain(400, problem + "\n");
        if (!_feed.TryEnter())
        {
            return SmallHttpText.Plain(503, $"{EventFeed.StreamsMax} streams are there already; ask again later, or for /api/status and others\n",
                "Retry-After: 10\r\n");
        }
        return new SmallResponse(200, "text/event-stream", default)
        {
            Stream = new EventStream(_feed, question, read, guard.ReaderOf(request)),
        };
    }
}
