using NativeProxy.Transport.Sockets;

namespace NativeProxy.Transport.Epoll;

/// <summary>Something whose descriptor the loop watches.</summary>
internal interface IEpollWatched
{
    /// <summary>The descriptor is ready; <paramref name="events"/> are bits of <see cref="EpollCalls"/>.</summary>
    void OnReady(uint events);
}
