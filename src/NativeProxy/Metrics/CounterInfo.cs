namespace NativeProxy.Metrics;

/// <summary>What a number means over time, as Prometheus names it.</summary>
internal enum CounterKind : byte
{
    /// <summary>Only grows; survives a worker restart in shared memory.</summary>
    Counter,

    /// <summary>A level that goes up and down; void when its worker ends.</summary>
    Gauge,
}

/// <summary>One row of <see cref="CounterTable"/>.</summary>
/// <param name="Id">The counter; equals the row's index.</param>
/// <param name="Kind">Prometheus type.</param>
/// <param name="Name">Prometheus family name, shared by neighbouring rows that differ in their label.</param>
/// <param name="Help">One sentence for the family.</param>
/// <param name="Label">Label pairs as they stand between the braces, or null.</param>
internal readonly record struct CounterInfo(CounterId Id, CounterKind Kind, string Name, string Help, string? Label);
