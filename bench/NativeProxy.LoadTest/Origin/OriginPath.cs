using System;
using System.Buffers.Text;

namespace NativeProxy.LoadTest.Origin;

/// <summary>
/// What a path asks of the origin, as pairs of a letter and a number in any order: <c>/s/1048576</c> size in bytes, <c>/d/5</c> delay in ms,
/// <c>/k/1000</c> chunked in chunks of that size, <c>/e/503</c> status. <c>/d/5/s/64</c> is 64 bytes after 5 ms. A query is ignored.
/// </summary>
internal struct OriginPath
{
    private const long SizeBytesMax = 1L << 40;
    private const int DelayMsMax = 600_000;
    private const int ChunkBytesMax = 1 << 20;

    public long SizeBytes;
    public int DelayMs;

    /// <summary>0 = with Content-Length.</summary>
    public int ChunkBytes;

    public int Status;

    /// <summary>False for a path of another shape or a number beyond its bound.</summary>
    public static bool TryRead(ReadOnlySpan<byte> path, out OriginPath asked)
    {
        asked = new OriginPath { Status = 200 };
        int query = path.IndexOf((byte)'?');
        if (query >= 0)
            path = path[..query];
        while (path.Length > 0)
        {
            if (path.Length < 4 || path[0] != '/' || path[2] != '/' || !Utf8Parser.TryParse(path[3..], out long number, out int digits) || number < 0)
                return false;
            if (!asked.Set(path[1], number))
                return false;
            path = path[(3 + digits)..];
        }
        return true;
    }

    private bool Set(byte letter, long number)
    {
        switch (letter)
        {
            case (byte)'s' when number <= SizeBytesMax:
                SizeBytes = number;
                return true;
            case (byte)'d' when number <= DelayMsMax:
                DelayMs = (int)number;
                return true;
            case (byte)'k' when number <= ChunkBytesMax:
                ChunkBytes = (int)number;
                return true;
            case (byte)'e' when number is >= 200 and <= 599:
                Status = (int)number;
                return true;
            default:
                return false;
        }
    }
}
