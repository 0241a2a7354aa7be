using System.Reflection;

namespace NativeProxy.Hosting;

/// <summary>The version of this build.</summary>
internal static class ProductVersion
{
    /// <summary>Such as "0.1.0".</summary>
    public static string Text { get; } = typeof(ProductVersion).Assembly.GetName().Version?.ToString(3) ?? "unknown";
}
