using System;
using System.Text.Json;
using NativeProxy.Config;

namespace NativeProxy.Admin;

/// <summary>What an operator wants of one server, as a question to the API says it: each part may be missing, not all.</summary>
/// <param name="State">Null = as it is.</param>
/// <param name="WeightPercent">1 to 100; null = as it is.</param>
/// <param name="SetsLimit">Whether <paramref name="ConnectionsMax"/> means anything.</param>
/// <param name="ConnectionsMax">Connections at most, 0 = no limit; null = what the file says.</param>
internal readonly record struct ServerWish(OperatorState? State, int? WeightPercent, bool SetsLimit, int? ConnectionsMax)
{
    /// <summary>
    /// Reads `{"state": "drain", "weight_percent": 50, "max_connections": 20}`, one of them or more. False with the problem when that is not all
    /// it is.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out ServerWish wish, out string problem)
    {
        ServerWish read = default;
        problem = JsonBody.ProblemOf(body, (in property) =>
        {
            if (read.With(property) is not { } next)
            {
                return "expected \"state\": \"ready\", \"drain\" or \"maintenance\", \"weight_percent\": 1 to 100, and \"max_connections\": "
                    + $"0 to {UpstreamServerSettings.ConnectionsLimit} or null, each once at most";
            }
            read = next;
            return null;
        });
        wish = read;
        if (problem.Length == 0 && wish == default)
            problem = "nothing is to be set: expected \"state\", \"weight_percent\" or \"max_connections\"";
        return problem.Length == 0;
    }

    /// <summary>With one part more; null when it is none, or there already.</summary>
    private ServerWish? With(in JsonProperty property)
    {
        if (property.NameEquals("state") && State is null && StateNamed(property.Value) is { } state)
            return this with { State = state };
        if (property.NameEquals("weight_percent") && WeightPercent is null && JsonBody.NumberIn(property.Value, 1, 100) is { } percent)
            return this with { WeightPercent = (int)percent };
        if (!property.NameEquals("max_connections") || SetsLimit)
            return null;
        var limit = (int?)JsonBody.NumberIn(property.Value, 0, UpstreamServerSettings.ConnectionsLimit);
        return limit is null && property.Value.ValueKind != JsonValueKind.Null ? null : this with { SetsLimit = true, ConnectionsMax = limit };
    }

    private static OperatorState? StateNamed(in JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? OperatorStates.Named(value.GetString()) : null;
}
