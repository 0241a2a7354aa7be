using System;
using NativeProxy.Http;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

/// <summary>The normal form of a path, and how else it may be read.</summary>
public class PathTextTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("", "/")]
    [InlineData("/a/b", "/a/b")]
    [InlineData("/a/b/", "/a/b/")]
    [InlineData("/%61dmin/%7euser", "/admin/~user")]
    [InlineData("/a%2fb%5cc%00", "/a%2Fb%5Cc%00")]
    [InlineData("/a%2", "/a%2")]
    [InlineData("/%zz/%", "/%zz/%")]
    [InlineData("/%2541", "/%2541")]
    [InlineData("/./a/../b", "/b")]
    [InlineData("/a/.", "/a/")]
    [InlineData("/a/..", "/")]
    [InlineData("/a/b/..", "/a/")]
    [InlineData("/%2e/a/%2E%2e/b", "/b")]
    [InlineData("//a///b//", "/a/b/")]
    [InlineData("/a//../b", "/b")]
    [InlineData("/...", "/...")]
    [InlineData("/..a/.b/c..", "/..a/.b/c..")]
    public void NormalForm_IsWhatRfc3986Says_AndItsOwn(string path, string expected)
    {
        Assert.Equal(expected, Normal(path));
        Assert.Equal(expected, Normal(expected));
        Assert.True(path == expected || !PathText.IsNormal(Bytes(path)));
    }

    [Theory]
    [InlineData("/..")]
    [InlineData("/a/../..")]
    [InlineData("/%2e%2e/a")]
    [InlineData("/a/..//..")]
    public void DotsAboveTheRoot_AreRefused(string path) => Assert.Null(Normal(path));

    [Theory]
    [InlineData("/a%2Fb", true)]
    [InlineData("/a%5Cb", true)]
    [InlineData("/a\\b", true)]
    [InlineData("/a;v=1", true)]
    [InlineData("/a%3Bv", true)]
    [InlineData("/a%00", true)]
    [InlineData("/a.", true)]
    [InlineData("/a./b", true)]
    [InlineData("/a%20", true)]
    [InlineData("/a.b/c..d", false)]
    [InlineData("/caf%C3%A9/%40", false)]
    [InlineData("/", false)]
    public void PathWithSeveralReadings_IsSeen(string normal, bool isAmbiguous) => Assert.Equal(isAmbiguous, PathText.IsAmbiguous(Bytes(normal)));

    [Theory]
    [InlineData("/public/..%2Fadmin", PathReading.Separators, "/admin")]
    [InlineData("/x%5C..%5Cadmin", PathReading.Separators, "/admin")]
    [InlineData("/x\\..\\admin", PathReading.Separators, "/admin")]
    [InlineData("/x/..;/admin", PathReading.Parameters, "/admin")]
    [InlineData("/admin;a=b/x;c", PathReading.Parameters, "/admin/x")]
    [InlineData("/admin%3Ba/x", PathReading.EscapedParameters, "/admin/x")]
    [InlineData("/admin%3Ba;b/x", PathReading.Parameters, "/admin%3Ba/x")]
    [InlineData("/x%2F..%2Fadmin%2Fy%5C..%5C..", PathReading.Slash, "/admin/y%5C..%5C..")]
    [InlineData("/a%5C..%2Fb", PathReading.EscapedBackslash, "/a/..%2Fb")]
    [InlineData("/a\\..\\b%5C", PathReading.Backslash, "/b%5C")]
    [InlineData("/a%2F..%2Fadmin;%2F..%2Fy/z", PathReading.Slash | PathReading.Parameters | PathReading.LongParameters, "/admin/z")]
    [InlineData("/a%2F..%2Fadmin;%2F..%2Fy/z", PathReading.Slash | PathReading.Parameters, "/y/z")]
    [InlineData("/admin/...", PathReading.Trailing | PathReading.DotsAlone, "/admin/")]
    [InlineData("/admin/x/..", PathReading.Trailing | PathReading.DotsAlone, "/admin/")]
    [InlineData("/admin/...", PathReading.Trailing, "/")]
    [InlineData("/admin%00.png", PathReading.Nul, "/admin")]
    [InlineData("/admin./x", PathReading.Trailing, "/admin/x")]
    [InlineData("/admin.%20.", PathReading.Trailing, "/admin")]
    [InlineData("/a/..%20/b", PathReading.Trailing, "/b")]
    [InlineData("/x%2F..;%2Fadmin%20%00", PathReading.All ^ PathReading.LongParameters, "/admin")]
    [InlineData("/a%2Fb", PathReading.Parameters, "/a%2Fb")]
    [InlineData("/a;b", PathReading.Separators, "/a;b")]
    public void Reading_IsThatOfTheServer(string normal, object reading, string expected)
    {
        byte[] room = new byte[normal.Length + 1];
        Assert.True(PathText.TryReadAs(Bytes(normal), (PathReading)reading, room, out int bytes));
        Assert.Equal(expected, Text(room.AsSpan(0, bytes)));
    }

    [Theory]
    [InlineData("/..%2F..")]
    [InlineData("/a/..;/..;")]
    public void ReadingAboveTheRoot_IsNone(string normal)
    {
        byte[] room = new byte[normal.Length + 1];
        Assert.False(PathText.TryReadAs(Bytes(normal), PathReading.All, room, out _));
    }

    /// <summary>Whatever comes: the result fits, begins with a slash, has no dot segment and no double slash, and is its own normal form.</summary>
    [Fact]
    public void AnyPath_HasANormalFormOrNone()
    {
        var random = new Random(7);
        for (int round = 0; round < 100_000; round++)
        {
            byte[] path = new byte[random.Next(24)];
            for (int i = 0; i < path.Length; i++)
                path[i] = (byte)"/.%2eEfF5c;\\a0"[random.Next(14)];
            if (path.Length > 0)
                path[0] = (byte)'/';
            byte[] room = new byte[path.Length + 1];
            if (!PathText.TryNormalize(path, room, out int bytes))
                continue;
            string normal = Text(room.AsSpan(0, bytes));
            Assert.StartsWith("/", normal, StringComparison.Ordinal);
            Assert.DoesNotContain("//", normal, StringComparison.Ordinal);
            Assert.DoesNotContain("/./", normal + "/", StringComparison.Ordinal);
            Assert.DoesNotContain("/../", normal + "/", StringComparison.Ordinal);
            Assert.Equal(normal, Normal(normal));
            foreach (PathReading reading in Enum.GetValues<PathReading>())
                PathText.TryReadAs(Bytes(normal), reading, new byte[normal.Length + 1], out _);
        }
    }

    /// <summary>What <see cref="PathText.HabitsOf"/> leaves out makes no difference.</summary>
    [Fact]
    public void HabitsOfAPath_AreAllThatChangeIt()
    {
        var random = new Random(11);
        string[] parts = ["/", "a", ".", "..", "%2F", "%5C", "\\", ";", "%3B", "%00", "%20", "%09", "%25", "..."];
        for (int round = 0; round < 3000; round++)
        {
            string path = "/";
            for (int i = random.Next(8); i > 0; i--)
                path += parts[random.Next(parts.Length)];
            if (Normal(path) is not { } normal)
                continue;
            PathReading habits = PathText.HabitsOf(Bytes(normal));
            for (PathReading reading = PathReading.None; reading <= PathReading.All; reading++)
                Assert.Equal(Read(normal, reading & habits), Read(normal, reading));
        }
    }

    private static string? Read(string normal, PathReading reading)
    {
        byte[] room = new byte[normal.Length + 1];
        return PathText.TryReadAs(Bytes(normal), reading, room, out int bytes) ? Text(room.AsSpan(0, bytes)) : null;
    }

    private static string? Normal(string path)
    {
        byte[] room = new byte[path.Length + 1];
        return PathText.TryNormalize(Bytes(path), room, out int bytes) ? Text(room.AsSpan(0, bytes)) : null;
    }
}
