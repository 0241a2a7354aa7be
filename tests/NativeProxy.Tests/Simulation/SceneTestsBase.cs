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
}

/// <summary><see cref="CutTests"/> through a layer.</summary>
public sealed class LayeredCutTests : CutTests
{
    protected override bool IsLayered => true;
}
