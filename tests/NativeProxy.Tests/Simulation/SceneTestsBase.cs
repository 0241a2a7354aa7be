using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Simulation.Network;
using Xunit;

namespace NativeProxy.Tests.Simulation;

/// <summary>Tests in scenes, which hold on bare connections and, in a derived class, where both sides of the proxy speak in records.</summary>
public abstract class SceneTestsBase
{
    protected virtual bool IsLayered => false;

    /// <summary>Parameters as those of the scene.</summary>
    private protected Scene NewScene(string listener = "", string upstream = "", long bufferBytes = 16 << 20, string server = "",
        bool isCompletionBased = false, int windowBytes = 256 * 1024) =>
        new(listener, upstream, bufferBytes, server, isCompletionBased, IsLayered) { WindowBytes = windowBytes };
}

/// <summary><see cref="SceneTests"/> through a layer.</summary>
public sealed class LayeredSceneTests : SceneTests
{
    protected override bool IsLayered => true;

    /// <summary>Somebody else may have cut the stream: what has no other end is whole only when the server itself has announced its end.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EndOfAServer_EndsABodyThatHasNoOtherEnd_OnlyWhenItWasAnnounced(bool isAnnounced)
    {
        using Scene scene = NewScene();
        SimulatedSocket client = scene.Connect();
        scene.Write(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 200 OK\r\n\r\nbody");
        if (isAnnounced)
            scene.ServerSockets[0].ShutdownSend();
        else
            scene.ServerSockets[0].ShutdownBare();
        scene.Settle(1000);
        string answer = scene.Read(client);

        Assert.Contains("\r\n\r\n4\r\nbody\r\n", answer, System.StringComparison.Ordinal);
        Assert.Equal(isAnnounced, answer.EndsWith("0\r\n\r\n", System.StringComparison.Ordinal));
        Assert.Equal(isAnnounced ? 0 : 1, scene.Proxy.Counters.Read(CloseCounters.Of(CloseReason.TruncatedResponse)));
    }
}

/// <summary><see cref="CutTests"/> through a layer.</summary>
public sealed class LayeredCutTests : CutTests
{
    protected override bool IsLayered => true;
}
