using System;
using System.Threading.Tasks;
using NativeProxy.Tests.Transport;

namespace NativeProxy.Tests.Pipes;

/// <summary>Waits for what must come from the thread pool. How long is never part of a verdict.</summary>
internal static class Waiting
{
    public static async Task Until(Func<bool> condition, Func<string> what)
    {
        DateTime latest = DateTime.UtcNow + LoopUnderTest.Deadline;
        while (!condition())
        {
            if (DateTime.UtcNow > latest)
                throw new TimeoutException("not reached: " + what());
            await Task.Delay(1);
        }
    }
}
