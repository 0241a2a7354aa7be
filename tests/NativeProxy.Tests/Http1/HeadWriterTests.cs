using System;
using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class HeadWriterTests
{
    private const string Expected = "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n";

    [Fact]
    public void Head_IsWrittenByteForByte()
    {
        Span<byte> buffer = stackalloc byte[Expected.Length];
        HeadWriter writer = WriteHead(buffer);
        Assert.False(writer.Overflowed);
        Assert.Equal(Expected, Text(writer.Written));
    }

    [Fact]
    public void BufferOfAnySmallerSize_OverflowsAndNothingIsWrittenBehindIt()
    {
        for (int size = 0; size < Expected.Length; size++)
        {
            byte[] buffer = new byte[Expected.Length];
            HeadWriter writer = WriteHead(buffer.AsSpan(0, size));
            Assert.True(writer.Overflowed);
            Assert.True(writer.WrittenBytes <= size);
            Assert.True(buffer.AsSpan(writer.WrittenBytes).IndexOfAnyExcept((byte)0) < 0);
        }
    }

    [Fact]
    public void FieldThatDoesNotFitWhole_IsNotBegun()
    {
        const string Line = "X: ab\r\n";
        for (int size = 0; size <= Line.Length; size++)
        {
            HeadWriter writer = new(new byte[size]);
            writer.AppendField("X"u8, "ab"u8);
            Assert.Equal(size < Line.Length ? "" : Line, Text(writer.Written));
            Assert.Equal(size < Line.Length, writer.Overflowed);
        }
    }

    [Fact]
    public void AfterAnOverflow_EvenWhatWouldFitIsNotWritten()
    {
        HeadWriter writer = new(new byte[4]);
        writer.Append("12345"u8);
        writer.AppendByte((byte)'x');
        writer.AppendDecimal(1);
        writer.AppendField(""u8, ""u8);
        writer.AppendLines("x"u8);
        writer.BeginField("x"u8);
        writer.AppendValue("x"u8);
        writer.EndField();
        writer.EndHead();
        Assert.Equal(0, writer.WrittenBytes);
    }

    private static HeadWriter WriteHead(Span<byte> buffer)
    {
        HeadWriter writer = new(buffer);
        writer.Append("HTTP/1.1"u8);
        writer.AppendByte((byte)' ');
        writer.AppendDecimal(200);
        writer.Append(" OK\r\n"u8);
        writer.Append("Content-Length: "u8);
        writer.AppendDecimal(long.MaxValue);
        writer.EndLine();
        writer.EndHead();
        return writer;
    }
}
