using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using NativeProxy.Foundation;
using Xunit;

namespace NativeProxy.Tests.House;

/// <summary>The list of methods that the compiler lays side by side has to be made anew when much of it is gone (perf/hot-methods.py).</summary>
public partial class HotMethodsTests
{
    [Fact]
    public void MethodsOfTheList_AreThere()
    {
        const BindingFlags All =
            BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        HashSet<string> there = [];
        foreach (Type type in typeof(ProxyError).Assembly.GetTypes())
        {
            foreach (MethodBase method in type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)))
                there.Add($"nativeproxy_{Mangled(type.FullName!)}__{Mangled(method.Name)}");
        }
        string[] own = [.. File.ReadAllLines(Path.Combine(Repository.ProductFolder, "hot-methods.txt"))
            .Where(static name => name.StartsWith("nativeproxy_NativeProxy_", StringComparison.Ordinal) && !name.Contains('<'))];
        string[] gone = [.. own.Where(name => !there.Contains(Number().Replace(name, "")))];

        Assert.True(own.Length > 300, "the list is short");
        Assert.True(
            gone.Length * 5 < own.Length, $"{gone.Length} of {own.Length} methods are gone, for example:\n" + string.Join('\n', gone.Take(20)));
    }

    private static string Mangled(string name) => Other().Replace(name, "_");

    [GeneratedRegex("[^A-Za-z0-9]")]
    private static partial Regex Other();

    /// <summary>Overloads are numbered.</summary>
    [GeneratedRegex("_[0-9]+$")]
    private static partial Regex Number();
}
