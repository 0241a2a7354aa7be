namespace NativeProxy.Routing.Matching;

/// <summary>
/// FNV-1a, byte by byte, so that each beginning of a text has its number on the way. What is found by it is compared before it counts. Pure.
/// </summary>
internal static class TextHash
{
    public const ulong Begin = 14695981039346656037;

    public static ulong Add(ulong hash, byte value) => (hash ^ value) * 1099511628211;
}
