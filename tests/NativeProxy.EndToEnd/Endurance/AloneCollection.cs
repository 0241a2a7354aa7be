using Xunit;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>Tests that use the machine so much that others beside them could miss their deadlines.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
