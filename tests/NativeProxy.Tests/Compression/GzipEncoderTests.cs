using System;
using System.IO;
using System.IO.Compression;
using System.Text;
using NativeProxy.Compression;
using NativeProxy.Tests.Metrics;
using Xunit;

namespace NativeProxy.Tests.Compression;

public class GzipEncoderTests
{
    private readonly Encoders _encoders = new(LastingCounters.Create());

    [Fact]
    public void EachPiece_ComesOutWithItself()
    {
        GzipEncoder encoder = _encoders.TryLend()!;
        var sent = new MemoryStream();
        foreach (string piece in (string[])["event: 1\n\n", "event: 2\n\n", "event: 3\n\n"])
        {
            sent.Write(encoder.Encode(Encoding.ASCII.GetBytes(piece), isLast: false));
            Assert.EndsWith(piece, Decoded(sent), StringComparison.Ordinal);
        }
        sent.Write(encoder.Encode(default, isLast: true));
        encoder.End();
        Assert.Equal("event: 1\n\nevent: 2\n\nevent: 3\n\n", Decoded(sent));
    }

    [Fact]
    public void NothingAtAll_IsAnEmptyBody()
    {
        GzipEncoder encoder = _encoders.TryLend()!;
        Assert.True(encoder.Encode(default, isLast: false).IsEmpty);
        var sent = new MemoryStream();
        sent.Write(encoder.Encode(default, isLast: true));
        encoder.End();
        Assert.Equal((20, ""), (sent.Length, Decoded(sent)));
    }

    [Fact]
    public void BytesThatCannotBeShortened_GrowByAnEighthAtMost()
    {
        byte[] noise = new byte[64 * 1024];
        new Random(1).NextBytes(noise);
        GzipEncoder encoder = _encoders.TryLend()!;
        for (int i = 0; i < 4; i++)
            Assert.InRange(encoder.Encode(noise, isLast: false).Length, 1, noise.Length + (noise.Length / 8) + 64);
        encoder.End();
    }

    [Fact]
    public void SoManyAtOnce_AndNoMore()
    {
        var lent = new GzipEncoder[Encoders.RunningMax];
        for (int i = 0; i < lent.Length; i++)
            lent[i] = _encoders.TryLend()!;
        Assert.Null(_encoders.TryLend());
        lent[0].End();
        lent[0] = _encoders.TryLend()!;
        foreach (GzipEncoder one in lent)
            one.End();
    }

    /// <summary>What a browser sees of what has come so far.</summary>
    private static string Decoded(MemoryStream sent)
    {
        using var stream = new GZipStream(new MemoryStream(sent.ToArray()), CompressionMode.Decompress);
        var text = new StringBuilder();
        byte[] room = new byte[4096];
        try
        {
            for (int count = stream.Read(room); count > 0; count = stream.Read(room))
                text.Append(Encoding.ASCII.GetString(room, 0, count));
        }
        catch (InvalidDataException)
        {
            // It has not come to its end.
        }
        return text.ToString();
    }
}
