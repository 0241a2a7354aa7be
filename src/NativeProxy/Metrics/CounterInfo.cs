namespace NativeProxy.Metrics;

/// <summary>What a number means over time, as Prometheus names it.</summary>
internal enum CounterKind : byte
{
    /// <summary>Only grows; survives a worker restart in shared memory.</summary>
    Counter,

    /// <summary>A level that goes up and down; void when its worker ends.</summary>
    Gauge,

    /// <summary>A gauge of the whole service, which the supervisor keeps in the first row: the end of a worker leaves it.</summary>
    ServiceGauge,
}

/// <summary>In which unit a number is kept. Prometheus is shown base units.</summary>
internal enum CounterUnit : byte
{
    /// <summary>As it is shown: a count, or bytes.</summary>
    One,

    /// <summary>Kept in milliseconds, shown in seconds.</summary>
    Milliseconds,
}

/// <summary>One row of <see cref="CounterTable"/>.</summary>
/// <param name="Id">The counter; equals the row's index.</param>
/// <param name="Kind">Prometheus type.</param>
/// <param name="Name">Prometheus family name, shared by neighbouring rows that differ in their label.</param>
/// <param name="Help">One sentence for the family.</param>
/// <param name="Label">Label pairs as they stand between the braces, or null.</param>
/// <param name="Unit">In which unit it is kept.</param>
internal readonly record struct CounterInfo(CounterId Id, CounterKind Kind, string Name, string Help, string? Label, CounterUnit Unit);
