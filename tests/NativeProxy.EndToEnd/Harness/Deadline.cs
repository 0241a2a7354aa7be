using System;
using System.Threading;
using System.Threading.Tasks;
using Xunit.Sdk;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// How long anything may take before a test gives up. Generous on purpose: a deadline that passes means "it never came", it is no
/// measure of speed. Stateless; any thread.
/// </summary>
internal static class Deadline
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(5);

    /// <summary>Awaits the task, or fails the test with what was waited for.</summary>
    public static async Task<T> For<T>(Task<T> task, Func<string> what)
    {
        try
        {
            return await task.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            throw new XunitException($"still waiting after {Limit.TotalSeconds} s: {what()}");
        }
    }

    /// <summary>Awaits the task, or fails the test with what was waited for.</summary>
    public static async Task For(Task task, Func<string> what) => await For(Wrap(task), what);

    /// <summary>Asks again and again until the condition holds; for what can only be looked at, such as metrics and files.</summary>
    public static async Task Until(Func<Task<bool>> condition, Func<string> what)
    {
        using var timer = new PeriodicTimer(PollEvery);
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            while (!await condition())
                await timer.WaitForNextTickAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new XunitException($"still not true after {Limit.TotalSeconds} s: {what()}");
        }
    }

    public static Task Until(Func<bool> condition, Func<string> what) => Until(() => Task.FromResult(condition()), what);

    private static async Task<bool> Wrap(Task task)
    {
        await task;
        return true;
    }
}
