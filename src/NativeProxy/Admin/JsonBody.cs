using System;
using System.Text.Json;

namespace NativeProxy.Admin;

/// <summary>Takes what one member of an object says. Null, or what is wrong with it, for people.</summary>
internal delegate string? JsonMember(in JsonProperty member);

/// <summary>What comes with a question to the API: one small JSON object. Reads its members for whoever knows their names. Stateless.</summary>
internal static class JsonBody
{
    /// <summary>Hands over each member, in order. Empty, or the last thing that is wrong.</summary>
    /// <param name="body">Of the request.</param>
    /// <param name="take">Hears of each member, also behind one that is wrong.</param>
    public static string ProblemOf(ReadOnlySpan<byte> body, JsonMember take)
    {
        string problem = "";
        try
        {
            foreach (JsonProperty member in JsonElement.Parse(body, new JsonDocumentOptions { MaxDepth = 2 }).EnumerateObject())
                problem = take(member) ?? problem;
            return problem;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second is what anything but an object, or but a string where one is read, is refused with.
            return "the body is no JSON object";
        }
    }

    /// <summary>Null when the value is no whole number, or not one of these.</summary>
    public static long? NumberIn(in JsonElement value, long min, long max) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= min && number <= max ? number : null;
}
