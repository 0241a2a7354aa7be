using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using NativeProxy.Foundation;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// What all TLS connections of one thread share: the one source and sink of bytes that OpenSSL reads from and writes to, pointed at the bytes and at
/// the output of whichever connection is being served, and the layers that are not in use. So an idle connection holds no buffer of the wire. Owner
/// and thread: the thread of a loop, for as long as it lives.
/// </summary>
internal sealed unsafe class TlsLoop
{
    /// <summary>Layers that wait to be used again; what comes back beyond it is left to the collector.</summary>
    private const int FreeLayersMax = 1024;

    /// <summary>
    /// What an idle connection has with OpenSSL, in bytes: 13.2 KB were measured (TLS 1.3, one certificate, buffers released), outside of the pools.
    /// </summary>
    public const int LibraryBytes = 13_500;

    /// <summary>The same when only its two ciphers are left: 1,168 bytes each were measured (AES-GCM).</summary>
    public const int RecordsBytes = 2_400;

    [ThreadStatic]
    private static TlsLoop? _ofThread;

    private readonly Stack<TlsLayer> _freeServers = new();
    private readonly Stack<TlsLayer> _freeClients = new();
    private readonly byte[] _scratch = GC.AllocateUninitializedArray<byte>(RecordKey.HeaderBytes + RecordStream.SealedBytesMax, pinned: true);
    private long _heldBytes;
    private byte* _input;
    private int _inputBytes;
    private bool _saysRetry;
    private LayerOutput? _output;

    private TlsLoop()
    {
        nint method = BioCalls.NewMethod(BioCalls.OwnType, "nativeproxy");
        BioCalls.SetRead(method, &OnRead);
        BioCalls.SetWrite(method, &OnWrite);
        BioCalls.SetControl(method, &OnControl);
        Bio = BioCalls.New(method);
        BioCalls.SetReady(Bio, 1);
    }

    /// <summary>That of this thread.</summary>
    public static TlsLoop OfThread => _ofThread ??= new TlsLoop();

    /// <summary>What the connections of this thread have with OpenSSL, in bytes, as an estimate.</summary>
    public static long BytesOfThread => _ofThread?._heldBytes ?? 0;

    /// <summary>The BIO of all connections.</summary>
    public nint Bio { get; }

    /// <summary>The layer that is being served, for callbacks; null between two calls.</summary>
    public TlsLayer? Current { get; private set; }

    /// <summary>Bytes of the input that were not read yet.</summary>
    public int InputBytes => _inputBytes;

    /// <summary>Where a record that came in parts is put together, for one call.</summary>
    public Span<byte> Scratch => _scratch;

    /// <summary>A layer, new or used before.</summary>
    public TlsLayer Lend(bool isServer) => Free(isServer).TryPop(out TlsLayer? layer) ? layer : new TlsLayer(this, isServer);

    /// <summary>So many bytes more are OpenSSL's for a connection of this thread.</summary>
    public void Count(int bytes) => _heldBytes += bytes;

    /// <summary>Takes a layer back.</summary>
    public void Return(TlsLayer layer)
    {
        if (Free(layer.IsServer).Count < FreeLayersMax)
            Free(layer.IsServer).Push(layer);
    }

    /// <summary>A call of OpenSSL for one connection begins.</summary>
    public void Begin(TlsLayer layer, byte* input, int inputBytes, LayerOutput output)
    {
        Check.That(Current is null, "two connections are served at once");
        Check.That(BioCalls.PeekError() == 0, "an error of another connection was left behind");
        Current = layer;
        _input = input;
        _inputBytes = inputBytes;
        _output = output;
    }

    /// <summary>It has ended; what it did not read of the input is gone.</summary>
    public void End()
    {
        Current = null;
        _input = null;
        _inputBytes = 0;
        _output = null;
    }

    private Stack<TlsLayer> Free(bool isServer) => isServer ? _freeServers : _freeClients;

    [UnmanagedCallersOnly]
    private static int OnRead(nint bio, byte* target, int bytes)
    {
        TlsLoop loop = _ofThread!;
        int count = Math.Min(bytes, loop._inputBytes);
        if (count <= 0)
        {
            loop._saysRetry = true;
            BioCalls.SetFlags(bio, BioCalls.RetryRead);
            return -1;
        }
        if (loop._saysRetry)
        {
            loop._saysRetry = false;
            BioCalls.ClearFlags(bio, BioCalls.RetryRead);
        }
        new ReadOnlySpan<byte>(loop._input, count).CopyTo(new Span<byte>(target, count));
        loop._input += count;
        loop._inputBytes -= count;
        return count;
    }

    /// <summary>Takes everything, so that no write is ever to be tried again.</summary>
    [UnmanagedCallersOnly]
    private static int OnWrite(nint bio, byte* source, int bytes)
    {
        TlsLoop loop = _ofThread!;
        LayerOutput output = loop._output!;
        loop.Current!.NoteWritten(new ReadOnlySpan<byte>(source, bytes));
        for (int done = 0; done < bytes;)
        {
            int count = Math.Min(bytes - done, LayerOutput.PieceBytesMax);
            new ReadOnlySpan<byte>(source + done, count).CopyTo(output.Reserve(count));
            output.Advance(count);
            done += count;
        }
        return bytes;
    }

    [UnmanagedCallersOnly]
    private static nint OnControl(nint bio, int command, nint number, void* pointer) => command == BioCalls.Flush ? 1 : 0;
}
