namespace NativeProxy.LoadTest.Linux;

/// <summary>Whether a process has descriptors enough for what is asked of it.</summary>
internal static class Descriptors
{
    /// <summary>For what a process holds besides its connections.</summary>
    private const int Reserve = 200;

    /// <summary>Why so many sockets cannot be open in one process, or null.</summary>
    public static string? Refusal(long socketCount)
    {
        int max = Processors.DescriptorsMax();
        return socketCount + Reserve <= max ? null
            : $"{socketCount} sockets in one process need {socketCount + Reserve} descriptors, {max} are allowed (ulimit -Hn)";
    }
}
