using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>Every file in src/manual/examples passes the check, says what it is for, and has a scene that proves that.</summary>
public sealed class ExamplesTests
{
    public static IEnumerable<object[]> Files() => ExampleFiles.All.Select(file => new object[] { file });

    [Theory]
    [MemberData(nameof(Files))]
    public async Task EveryExample_PassesTheCheck_AndBeginsWithWhatItIsFor(string file)
    {
        FinishedCommand check = await ProxyBinary.Run("check", "-c", ExampleFiles.PathOf(file));
        Assert.Equal((0, ""), (check.ExitCode, check.Output));
        Assert.All(Warnings(check.Errors), warning => Assert.Contains("two servers have the cookie value", warning, StringComparison.Ordinal));
        Assert.Matches("^# [A-Z][^\n]+[.]\n", ExampleFiles.Read(file));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void EveryExample_HasItsScene(string file) => Assert.Contains(file, FilesWithScenes());

    [Fact]
    public void EveryScene_HasItsExample() => Assert.Empty(FilesWithScenes().Except(ExampleFiles.All));

    /// <summary>Only servers that share a cookie on purpose are warned of.</summary>
    private static IEnumerable<string> Warnings(string errors) =>
        errors.Split('\n').Where(line => line.Contains(": warning: ", StringComparison.Ordinal));

    private static string[] FilesWithScenes() =>
    [
        .. from type in typeof(ExamplesTests).Assembly.GetTypes()
           where type.Namespace == typeof(ExamplesTests).Namespace
           from method in type.GetMethods()
           where method.IsDefined(typeof(FactAttribute), inherit: true)
           from trait in method.GetCustomAttributesData()
           where trait.AttributeType == typeof(TraitAttribute) && (string?)trait.ConstructorArguments[0].Value == ExampleFiles.Trait
           select (string)trait.ConstructorArguments[1].Value!,
    ];
}
