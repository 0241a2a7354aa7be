using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;
using NativeProxy.Logging;
using Xunit;

namespace NativeProxy.Tests.Logging;

/// <summary>In what pieces log lines are written: each write to a datagram socket is one message, as each is one undivided write to a pipe.</summary>
public sealed class LogTargetTests : IDisposable
{
    /// <summary>PIPE_BUF of Linux.</summary>
    private const int PipeBytesMax = 4096;

    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private readonly Socket _reader = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly Socket _writer = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    public LogTargetTests()
    {
        _reader.Bind(new UnixDomainSocketEndPoint(_path));
        _writer.Connect(new UnixDomainSocketEndPoint(_path));
    }

    public void Dispose()
    {
        _reader.Dispose();
        _writer.Dispose();
        File.Delete(_path);
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(40, 100)]
    [InlineData(41, 100)]
    [InlineData(900, 37)]
    [InlineData(3, 4095)]
    [InlineData(3, 4096)]
    public void LinesForAPipe_AreWrittenWholeAndAsManyAsStayTogether(int count, int lineBytes)
    {
        string lines = string.Concat(Enumerable.Range(0, count).Select(i => i.ToString("D8") + new string('x', lineBytes - 9) + "\n"));
        List<string> pieces = Write(lines);

        Assert.Equal(lines, string.Concat(pieces));
        Assert.All(pieces, piece => Assert.True(piece.Length <= PipeBytesMax && piece.EndsWith('\n')));
        int perPiece = PipeBytesMax / lineBytes;
        Assert.Equal((count + perPiece - 1) / perPiece, pieces.Count);
    }

    [Fact]
    public void LineThatIsTooLongForAPipe_IsWrittenAlone()
    {
        string longLine = new string('y', 2 * PipeBytesMax) + "\n";
        Assert.Equal(["a\n", longLine, "b\n" + "c\n"], Write("a\n" + longLine + "b\n" + "c\n"));
    }

    /// <summary>Writes at once; returns the pieces in which it arrived.</summary>
    private List<string> Write(string lines)
    {
        using LogTarget target = LogTarget.FromHandle(new SafeFileHandle(_writer.Handle, ownsHandle: false));
        _reader.ReceiveBufferSize = 1 << 20;
        Assert.Null(target.Write(Encoding.ASCII.GetBytes(lines)));
        var pieces = new List<string>();
        byte[] buffer = new byte[1 << 16];
        while (_reader.Available > 0)
            pieces.Add(Encoding.ASCII.GetString(buffer, 0, _reader.Receive(buffer)));
        return pieces;
    }
}
