using System;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>TLS between a test and its socket. The handshake begins when it is made; what fails is a <see cref="TlsFailure"/>.</summary>
internal sealed class TlsPipe : ISecuredPipe
{
    private readonly Socket _socket;
    private readonly nint _ssl;
    private readonly nint _input = LibSsl.NewMemory();
    private readonly nint _output = LibSsl.NewMemory();
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly byte[] _block = new byte[64 * 1024];
    private bool _isEnded;
    private bool _hasBareEnd;

    /// <param name="socket">Connected.</param>
    /// <param name="ssl">In its first state; it is this object's from now on.</param>
    /// <param name="received">Bytes of the wire that were read before.</param>
    public TlsPipe(Socket socket, nint ssl, byte[] received)
    {
        (_socket, _ssl) = (socket, ssl);
        LibSsl.SetBio(ssl, _input, _output);
        if (received.Length > 0)
            LibSsl.WriteBio(_input, received, received.Length);
        Secured = Task.Run(Handshake);
    }

    ~TlsPipe() => LibSsl.Free(_ssl);

    public Task Secured { get; }

    public long SentBytes { get; private set; }

    public bool IsCut => _hasBareEnd && !_isEnded;

    /// <summary>The handshake went on with an earlier session.</summary>
    public bool IsResumed => Locked(LibSsl.SessionReused) == 1;

    /// <summary>The session as it is now, with the last ticket that has come; for as long as the tests run.</summary>
    public nint Session => Locked(LibSsl.Session);

    /// <summary>DER of what the peer has shown, or null.</summary>
    public byte[]? PeerCertificate => Locked(LibSsl.CertificateOf);

    /// <summary>What the client of this server has asked for, or null.</summary>
    public string? ServerName => Locked(LibSsl.NameOf);

    public async Task Send(ReadOnlyMemory<byte> plain)
    {
        await Secured;
        byte[] bytes = plain.ToArray();
        Call(() => LibSsl.Write(_ssl, bytes, bytes.Length));
        await Flush();
    }

    public async Task<int> Receive(Memory<byte> target)
    {
        await Secured;
        while (true)
        {
            int count = Call(() => LibSsl.Read(_ssl, ref MemoryMarshal.GetReference(target.Span), target.Length));
            if (count > 0)
                return count;
            await Flush();
            if (_hasBareEnd)
                return 0;
            await Feed();
        }
    }

    public void AnnounceEnd()
    {
        try
        {
            if (!Secured.Wait(TimeSpan.FromSeconds(5)))
                return;
            Call(() => LibSsl.Shutdown(_ssl));
            Flush().Wait(TimeSpan.FromSeconds(5));
        }
        catch (AggregateException)
        {
            // The handshake has failed or the other side is gone: nobody is left to hear it.
        }
    }

    public bool ReadsAway()
    {
        try
        {
            while (_socket.Available > 0)
            {
                int count = _socket.Receive(_block);
                Locked(_ => LibSsl.WriteBio(_input, _block, count));
            }
            byte one = 0;
            return !Secured.IsCompletedSuccessfully || Call(() => LibSsl.Read(_ssl, ref one, 1)) <= 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or TlsFailure)
        {
            // The other side is gone.
            return true;
        }
    }

    private async Task Handshake()
    {
        while (true)
        {
            string? failure = null;
            bool isDone = false;
            try
            {
                isDone = Call(() => LibSsl.DoHandshake(_ssl)) == 1;
            }
            catch (TlsFailure e)
            {
                failure = e.Message;
            }
            await Flush();
            if (failure is not null)
                throw new TlsFailure(failure);
            if (isDone)
                return;
            if (_hasBareEnd)
                throw new TlsFailure("the stream has ended in the handshake");
            await Feed();
        }
    }

    /// <summary>Calls OpenSSL; fails when that did, but not when it waits for bytes, or the peer has announced its end.</summary>
    private int Call(Func<int> call)
    {
        lock (_gate)
        {
            LibSsl.ClearErrors();
            int result = call();
            int error = LibSsl.GetError(_ssl, result);
            _isEnded |= error == LibSsl.ZeroReturn;
            return result > 0 || error is LibSsl.WantRead or LibSsl.ZeroReturn || IsQuiet(error) ? result : throw new TlsFailure(LibSsl.ErrorText());
        }
    }

    /// <summary>SSL_shutdown(3) returns 0 with no error in the queue when the peer's announcement has not come.</summary>
    private static bool IsQuiet(int error) => error == 5;

    private T Locked<T>(Func<nint, T> ask)
    {
        lock (_gate)
            return ask(_ssl);
    }

    private async Task Feed()
    {
        int count = await _socket.ReceiveAsync(_block);
        _hasBareEnd |= count == 0;
        Locked(_ => count == 0 ? 0 : LibSsl.WriteBio(_input, _block, count));
    }

    /// <summary>What two calls have made is sent in their order.</summary>
    private async Task Flush()
    {
        await _sending.WaitAsync();
        try
        {
            for (ReadOnlyMemory<byte> rest = TakeOutput(); !rest.IsEmpty;)
                rest = rest[await _socket.SendAsync(rest)..];
        }
        finally
        {
            _sending.Release();
        }
    }

    private byte[] TakeOutput()
    {
        lock (_gate)
        {
            byte[] all = [];
            byte[] part = new byte[64 * 1024];
            for (int count; (count = LibSsl.ReadBio(_output, part, part.Length)) > 0;)
                all = [.. all, .. part.AsSpan(0, count)];
            SentBytes += all.Length;
            return all;
        }
    }
}
