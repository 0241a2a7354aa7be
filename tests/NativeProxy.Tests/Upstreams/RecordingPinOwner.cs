using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Tests.Upstreams;

/// <summary>A client's side of a pinned connection that writes down what it hears: "pin ended".</summary>
internal sealed class RecordingPinOwner : EventRecorder, IPinOwner
{
    public void OnPinEnded() => Write("pin ended");
}
