using System.Collections.Generic;
using NativeProxy.Http;
using NativeProxy.Recording;

namespace NativeProxy.Admin;

/// <summary>The part of the API that shows refused messages and records connections. Any thread.</summary>
internal sealed class RecordingApi(RecorderBoard board, ServiceState state) : ApiSubject
{
    private readonly RecordingRoutes _recording = new(board, state);

    public override IReadOnlyList<ApiPath> Paths { get; } =
    [
        new("GET", "/api/errors", "the last refused messages of either side: bytes, place, rule"),
        new("POST", "/api/recording", "begins to record connections, as nativeproxy record does; ends the recording before")
        {
            Lasts = "until one of its limits, or the next one",
        },
        new("POST", "/api/recording/take", "what has been recorded since the last time") { Lasts = "what was taken is not given again" },
        new("POST", "/api/recording/stop", "ends it") { Lasts = "until the next one begins" },
    ];

    public override SmallResponse? Respond(string path, in SmallRequest request)
    {
        if (path == "/api/errors")
            return ApiAnswer.Read(request, json => ErrorsJson.Write(json, board));
        if (path is not ("/api/recording" or "/api/recording/take" or "/api/recording/stop"))
            return null;
        if (request.Method != HttpMethod.Post)
            return ApiAnswer.NotAllowed("POST");
        int number = 0;
        if (path == "/api/recording" && !_recording.TryBegin(request.Body, out number, out string problem))
            return SmallHttpText.Plain(400, problem + "\n");
        if (path == "/api/recording/take")
            return ApiAnswer.Json(200, _recording.Take);
        if (path == "/api/recording/stop")
            _recording.End();
        return ApiAnswer.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("recording", number);
            json.WriteEndObject();
        });
    }
}
