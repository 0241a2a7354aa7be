using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using BenchmarkDotNet.Attributes;
using NativeProxy.Benchmarks;
using Xunit;

namespace NativeProxy.Tests.House;

/// <summary>Each benchmark runs once, tiny, without the benchmark machinery, so that none can rot. They check their own results.</summary>
public class BenchmarkTests
{
    public static IEnumerable<object[]> Classes() => typeof(HeadParserBenchmarks).Assembly.GetTypes()
        .Where(static type => MethodsWith<BenchmarkAttribute>(type).Length > 0).Select(static type => new object[] { type });

    [Fact]
    public void BenchmarkClasses_AreFound() => Assert.InRange(Classes().Count(), 8, int.MaxValue);

    [Theory]
    [MemberData(nameof(Classes))]
    public void EveryBenchmark_RunsForEachOfItsParameters(Type type)
    {
        Assert.NotNull(type.GetCustomAttribute<MemoryDiagnoserAttribute>());
        foreach ((PropertyInfo? property, object? value) in ParametersOf(type))
        {
            object benchmark = Activator.CreateInstance(type)!;
            property?.SetValue(benchmark, value);
            Call<GlobalSetupAttribute>(benchmark);
            Call<BenchmarkAttribute>(benchmark);
            Call<BenchmarkAttribute>(benchmark);
            Call<GlobalCleanupAttribute>(benchmark);
        }
    }

    /// <summary>The values of the one parameter, or a single nothing.</summary>
    private static IEnumerable<(PropertyInfo? Property, object? Value)> ParametersOf(Type type)
    {
        PropertyInfo? property = type.GetProperties().SingleOrDefault(static property => property.GetCustomAttribute<ParamsAttribute>() is not null);
        object?[] values = property?.GetCustomAttribute<ParamsAttribute>()!.Values ?? [null];
        return values.Select(value => (property, value));
    }

    private static void Call<TAttribute>(object benchmark)
        where TAttribute : Attribute
    {
        foreach (MethodInfo method in MethodsWith<TAttribute>(benchmark.GetType()))
            method.Invoke(benchmark, null);
    }

    private static MethodInfo[] MethodsWith<TAttribute>(Type type)
        where TAttribute : Attribute => [.. type.GetMethods().Where(static method => method.GetCustomAttribute<TAttribute>() is not null)];
}
