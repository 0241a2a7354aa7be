using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>
/// The reasons that the proxy itself lists at its admin endpoint, held against the tests that carry <c>[Trait("close", "side:code")]</c>: a
/// new reason needs a test with its trait, and nothing else.
/// </summary>
public sealed class CloseReasonTableTests
{
    /// <summary>What must never happen has no test that provokes it.</summary>
    private const string Never = "client:internal_error";

    [Fact]
    [Trait("promise", "S4.10")]
    public async Task EveryReasonOfEitherSide_HasATest_AndEveryTestAReason()
    {
        await using CloseScene scene = await CloseScene.Start();
        JsonElement closes = await scene.Closes();
        IEnumerable<string> listed =
            from side in (string[])["client", "server"]
            from reason in closes.GetProperty(side).GetProperty("reasons").EnumerateObject()
            where side + ":" + reason.Name != Never
            select side + ":" + reason.Name;

        Assert.Equal(listed.Order(StringComparer.Ordinal), Tested().Order(StringComparer.Ordinal));
    }

    private static HashSet<string> Tested() =>
    [
        .. from type in typeof(CloseReasonTableTests).Assembly.GetTypes()
           from method in type.GetMethods()
           from attribute in method.GetCustomAttributesData()
           where attribute.AttributeType == typeof(TraitAttribute) && (string?)attribute.ConstructorArguments[0].Value == "close"
           select (string)attribute.ConstructorArguments[1].Value!,
    ];
}
