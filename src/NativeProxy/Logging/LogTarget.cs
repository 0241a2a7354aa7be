using System;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NativeProxy.Logging;

/// <summary>
/// Where log bytes go: stdout, stderr, a file that several processes append to, or a syslog or journal. Owner: its <see cref="LogWriter"/>; one
/// thread at a time. Failures are values: a full disk or a closed pipe never throws.
/// </summary>
/// <remarks>
/// On Linux it opens and writes by the system calls themselves: the library offers no O_APPEND, without which worker processes
/// would overwrite each other's lines, and its console stream hides a closed pipe.
/// </remarks>
internal sealed partial class LogTarget : IDisposable
{
    private const int OpenWriteOnly = 0x1;
    private const int OpenAppend = 0x400;
    private const int OpenCloseOnExec = 0x80000;
    private const int ErrorInterrupted = 4;
    private const int ErrorWouldBlock = 11;
    private const short PollOut = 4;
    private const int PollMs = 1000;

    /// <summary>PIPE_BUF (pipe(7)): what is written to a pipe at once and is not longer stays together, whoever else writes to it.</summary>
    private const int PipeBytesMax = 4096;

    private readonly string? _path;

    /// <summary>Linux; elsewhere <see cref="_stream"/>.</summary>
    private SafeFileHandle? _handle;

    private Stream? _stream;

    /// <summary>True exactly when the last bytes that were taken did not end a line.</summary>
    private bool _isInsideLine;

    /// <summary>A syslog or journal instead of all these.</summary>
    private readonly LogSocket? _socket;

    private LogTarget(LogSocket socket) => _socket = socket;

    private LogTarget(string? path, SafeFileHandle? handle, Stream? stream)
    {
        _path = path;
        _handle = handle;
        _stream = stream;
    }

    public static LogTarget Stdout() => OperatingSystem.IsLinux()
        ? FromHandle(new SafeFileHandle(1, ownsHandle: false))
        : new LogTarget(null, handle: null, Console.OpenStandardOutput());

    public static LogTarget Stderr() => OperatingSystem.IsLinux()
        ? FromHandle(new SafeFileHandle(2, ownsHandle: false))
        : new LogTarget(null, handle: null, Console.OpenStandardError());

    /// <summary>
    /// Opens or creates the file for append. Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>: at start the operator
    /// must hear of it.
    /// </summary>
    public static LogTarget ToFile(string path)
    {
        LogTarget target = new(path, handle: null, stream: null);
        target.OpenFile();
        return target;
    }

    /// <summary>A syslog or journal, which the target then owns.</summary>
    public static LogTarget ToSocket(LogSocket socket) => new(socket);

    /// <summary>Linux only: an open descriptor, which the target then owns.</summary>
    internal static LogTarget FromHandle(SafeFileHandle handle) => new(null, handle, stream: null);

    /// <summary>Lines that a syslog or journal took; null where <see cref="Write"/> says all.</summary>
    public long? LinesSent => _socket?.LinesSent;

    /// <summary>Lines that it did not take.</summary>
    public long? LinesLost => _socket?.LinesLost;

    /// <summary>Lines that it has not taken yet; any thread.</summary>
    public int LinesWaiting => _socket is null ? 0 : _socket.LinesWaiting;

    /// <summary>
    /// In how many milliseconds <see cref="Write"/> has something to do without lines; -1 = nothing.
    /// </summary>
    public int NextMs => _socket is null ? -1 : _socket.NextMs(Environment.TickCount64);

    /// <summary>
    /// After log rotation: opens the path anew, which creates the file if it was moved away. On failure the old file stays in use. Stdout: nothing to
    /// do.
    /// </summary>
    public string? Reopen()
    {
        if (_path is null)
            return null;

        (SafeFileHandle? oldHandle, Stream? oldStream) = (_handle, _stream);
        try
        {
            OpenFile();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }

        oldHandle?.Dispose();
        oldStream?.Dispose();
        _isInsideLine = false;
        return null;
    }

    /// <summary>Writes whole lines; null, or the system's message. After a failure in the middle of a line the next write begins a new one.</summary>
    public string? Write(ReadOnlySpan<byte> lines)
    {
        if (_socket is not null)
            _socket.Write(lines, Environment.TickCount64);
        if (lines.IsEmpty || _socket is not null)
            return null;

        string? error = _isInsideLine ? WriteAll("\n"u8) : null;
        while (error is null && !lines.IsEmpty)
        {
            int bytes = _path is null ? PieceBytes(lines) : lines.Length;
            error = WriteAll(lines[..bytes]);
            lines = lines[bytes..];
        }

        return error;
    }

    public void Dispose()
    {
        _handle?.Dispose();
        _stream?.Dispose();
        _socket?.Dispose();
    }

    private void OpenFile()
    {
        if (!OperatingSystem.IsLinux())
        {
            _stream = new FileStream(_path!, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return;
        }

        // The library creates the file (its mode honours the umask); the second opening only adds O_APPEND.
        using (File.OpenHandle(_path!, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
        }

        int descriptor = SystemOpen(_path!, OpenWriteOnly | OpenAppend | OpenCloseOnExec, 0);
        if (descriptor < 0)
            throw new IOException($"{_path}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

        _handle = new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>
    /// Worker processes share stdout, which may be a pipe: whole lines, as many as stay together there. Only a line that is too long alone may
    /// be torn apart by another worker's.
    /// </summary>
    private static int PieceBytes(ReadOnlySpan<byte> lines)
    {
        if (lines.Length <= PipeBytesMax)
            return lines.Length;

        int end = lines[..PipeBytesMax].LastIndexOf((byte)'\n');
        end = end < 0 ? lines.IndexOf((byte)'\n') : end;
        return end < 0 ? lines.Length : end + 1;
    }

    private string? WriteAll(ReadOnlySpan<byte> bytes)
    {
        if (_handle is not null)
            return WriteDescriptor(bytes);

        try
        {
            _stream!.Write(bytes);
            _stream.Flush();
            _isInsideLine = false;
            return null;
        }
        catch (IOException e)
        {
            _isInsideLine = true;
            return e.Message;
        }
    }

    /// <summary>A descriptor that somebody made non-blocking is waited for, this being the thread that may block.</summary>
    private unsafe string? WriteDescriptor(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint written;
            fixed (byte* start = bytes)
            {
                written = SystemWrite(_handle!, start, (nuint)bytes.Length);
            }

            if (written >= 0)
            {
                _isInsideLine = written == 0 ? _isInsideLine : bytes[(int)written - 1] != '\n';
                bytes = bytes[(int)written..];
                continue;
            }

            int error = Marshal.GetLastPInvokeError();
            if (error != ErrorInterrupted && !(error == ErrorWouldBlock && IsWritableSoon()))
                return Marshal.GetPInvokeErrorMessage(error);
        }

        return null;
    }

    private unsafe bool IsWritableSoon()
    {
        PollEntry entry = new() { Descriptor = (int)_handle!.DangerousGetHandle(), Events = PollOut };
        return SystemPoll(&entry, 1, PollMs) > 0;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SystemOpen(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint SystemWrite(SafeFileHandle descriptor, byte* bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static unsafe partial int SystemPoll(PollEntry* entries, nuint count, int timeoutMs);

    /// <summary>The kernel's struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Results;
    }
}
