using System.Linq;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Rewriting;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Rewriting;

public class FieldCopyTests
{
    private const string Head = "GET / HTTP/1.1\r\nHost: a\r\nB:  two \r\nC: 3\r\nD: 4\r\n\r\nrest";

    [Fact]
    public void WithoutOmissions_AllLinesAreCopiedByteForByte() => Assert.Equal("Host: a\r\nB:  two \r\nC: 3\r\nD: 4\r\n", CopyWithout());

    [Fact]
    public void EverySetOfOmittedLines_LeavesTheOthersInOrder()
    {
        string[] lines = ["Host: a\r\n", "B:  two \r\n", "C: 3\r\n", "D: 4\r\n"];
        for (int set = 0; set < 16; set++)
        {
            int[] omitted = [.. Enumerable.Range(0, 4).Where(i => (set & (1 << i)) != 0)];

            Assert.Equal(string.Concat(lines.Where((_, i) => !omitted.Contains(i))), CopyWithout(omitted));
        }
    }

    [Fact]
    public void HeadWithoutFields_CopiesNothing()
    {
        const string Http10 = "GET / HTTP/1.0\r\n\r\n";
        ParseOutcome outcome = Wire.Request(Http10, out RequestHead head);
        var writer = new HeadWriter(new byte[100]);

        new FieldCopy(Wire.Bytes(Http10), head.Fields, outcome.ConsumedBytes).CopyRest(ref writer);

        Assert.Equal(0, writer.WrittenBytes);
    }

    private static string CopyWithout(params int[] omitted)
    {
        ParseOutcome outcome = Wire.Request(Head, out RequestHead head);
        var writer = new HeadWriter(new byte[200]);
        var copy = new FieldCopy(Wire.Bytes(Head), head.Fields, outcome.ConsumedBytes);
        foreach (int index in omitted)
            copy.CopyUpTo(index, ref writer);
        copy.CopyRest(ref writer);
        return Wire.Text(writer.Written);
    }
}
