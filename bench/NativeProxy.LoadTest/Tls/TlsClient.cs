using System;
using NativeProxy.LoadTest.Generator;

namespace NativeProxy.LoadTest.Tls;

/// <summary>
/// How the connections of one load thread speak TLS: 1.3 with one cipher suite and one group, so that every server does the same work. Which
/// certificate the server has is not looked at. Owns OpenSSL's context. Thread: that of its <see cref="LoadThread"/>.
/// </summary>
internal sealed unsafe class TlsClient : IDisposable
{
    private const int SetMode = 33;
    private const int SetReadAhead = 41;
    private const int SetGroups = 92;
    private const int SetVersionMin = 123;
    private const int SetVersionMax = 124;

    private const int PartialWrites = 1;
    private const int MovingWriteBuffer = 2;
    private const int ReleaseBuffers = 0x10;

    /// <summary>The end of the stream is that of the connection, as over plain TCP; how long an answer must be is checked anyway.</summary>
    private const ulong IgnoreUnexpectedEnd = 0x80;

    /// <summary>Several records with one call of the system.</summary>
    private const int ReadBufferBytes = 64 * 1024;

    public TlsClient(LoadPlan plan)
    {
        Use = plan.Tls;
        Context = OpenSsl.MakeContext(OpenSsl.ClientMethod());
        OpenSsl.ControlContext(Context, SetVersionMin, OpenSsl.Version13, null);
        OpenSsl.ControlContext(Context, SetVersionMax, OpenSsl.Version13, null);
        // Idle connections are many, and hold no buffer; for the others taking and giving it back would be work for nothing.
        OpenSsl.ControlContext(Context, SetMode, PartialWrites | MovingWriteBuffer | (plan.IsHerd ? ReleaseBuffers : 0), null);
        OpenSsl.ControlContext(Context, SetReadAhead, 1, null);
        OpenSsl.SetReadBuffer(Context, ReadBufferBytes);
        OpenSsl.SetOptions(Context, IgnoreUnexpectedEnd);
        // Literals of bytes have a zero behind their end.
        ReadOnlySpan<byte> protocols = "\u0008http/1.1"u8;
        fixed (byte* suites = "TLS_AES_128_GCM_SHA256"u8, groups = "X25519"u8, offered = protocols)
        {
            OpenSsl.SetCipherSuites(Context, suites);
            OpenSsl.ControlContext(Context, SetGroups, 0, groups);
            OpenSsl.SetProtocols(Context, offered, (uint)protocols.Length);
        }
    }

    public nint Context { get; }

    public TlsUse Use { get; }

    public Handshakes Handshakes { get; private set; }

    public void Count(Handshakes more) => Handshakes += more;

    public void Dispose() => OpenSsl.FreeContext(Context);
}
