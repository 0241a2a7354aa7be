using System.Reflection;

namespace NativeProxy.Foundation;

/// <summary>The version of this build.</summary>
internal static class ProductVersion
{
    /// <summary>Such as "0.1.0".</summary>
    public static string Text { get; } = typeof(ProductVersion).Assembly.GetName().Version?.ToString(3) ?? "unknown";

    /// <summary>The commit that it was built from, such as "0c5d8f7..."; "unknown" when it was built outside a repository.</summary>
    public static string Revision { get; } =
        RevisionOf(typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion);

    /// <summary>The SDK writes "0.1.0+commit".</summary>
    private static string RevisionOf(string? version) =>
        version is not null && version.IndexOf('+') is >= 0 and var plus && plus + 1 < version.Length ? version[(plus + 1)..] : "unknown";
}
