using NativeProxy.LoadTest.Tls;

namespace NativeProxy.LoadTest.Linux;

/// <summary>Where the bytes of a connection go: through TLS or not. Owns neither of the two.</summary>
internal readonly unsafe struct Wire(int descriptor, TlsSide? tls = null)
{
    /// <summary>Bytes received, 0 at the end of the stream, <see cref="TcpSocket.Blocked"/> or <see cref="TcpSocket.Broken"/>.</summary>
    public int Receive(byte* bytes, int countMax) => tls is null ? TcpSocket.Receive(descriptor, bytes, countMax) : tls.Receive(bytes, countMax);

    /// <summary>Bytes accepted, <see cref="TcpSocket.Blocked"/> or <see cref="TcpSocket.Broken"/>.</summary>
    public int Send(byte* bytes, int count, bool moreFollows = false) =>
        tls is null ? TcpSocket.Send(descriptor, bytes, count, moreFollows) : tls.Send(bytes, count);
}
