using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Linq;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Metrics;

public class ProxyEventsTests
{
    [Fact]
    public void Listener_HearsWhatWasWritten()
    {
        using var listener = new Listener();

        ProxyEvents.Log.ExchangeEnded(long.MaxValue - 1, 2, 503, 40, 5, 6);
        ProxyEvents.Log.ClientConnectionClosed(long.MaxValue - 1, "idle");

        EventWrittenEventArgs[] heard = [.. listener.Heard.Where(static written => written.Payload?[0] is long.MaxValue - 1)];
        Assert.Equal(["ExchangeEnded", "ClientConnectionClosed"], heard.Select(static written => written.EventName));
        Assert.Equal([long.MaxValue - 1, 2, 503, 40, 5L, 6], heard[0].Payload!);
        Assert.Equal([long.MaxValue - 1, "idle"], heard[1].Payload!);
    }

    [Fact]
    public void Manifest_IsSound() => Assert.NotEmpty(EventSource.GenerateManifest(typeof(ProxyEvents), null, EventManifestOptions.Strict)!);

    private sealed class Listener : EventListener
    {
        public ConcurrentQueue<EventWrittenEventArgs> Heard { get; } = new();

        protected override void OnEventSourceCreated(EventSource source)
        {
            if (source.Name == "NativeProxy")
                EnableEvents(source, EventLevel.Verbose);
        }

        protected override void OnEventWritten(EventWrittenEventArgs written) => Heard?.Enqueue(written);
    }
}
