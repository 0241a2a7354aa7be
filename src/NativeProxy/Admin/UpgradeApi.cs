using System.Collections.Generic;
using NativeProxy.Http;

namespace NativeProxy.Admin;

/// <summary>The part of the API that exchanges the program. Any thread.</summary>
internal sealed class UpgradeApi(ServiceState state, AdminPowers powers) : ApiSubject
{
    public override IReadOnlyList<ApiPath> Paths { get; } =
    [
        new("POST", "/api/upgrade", "starts the program anew, which takes over; /api/status says why not, and then whose it is")
        {
            Lasts = "until the next one",
        },
    ];

    /// <summary>Says which one is to be awaited.</summary>
    public override SmallResponse? Respond(string path, in SmallRequest request)
    {
        if (path != "/api/upgrade")
            return null;
        if (request.Method != HttpMethod.Post)
            return ApiAnswer.NotAllowed("POST");
        int number = state.Upgrade.NextNumber;
        powers.Upgrade();
        return ApiAnswer.Json(202, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("upgrade", number);
            json.WriteEndObject();
        });
    }
}
