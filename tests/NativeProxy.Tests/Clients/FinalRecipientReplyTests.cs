using NativeProxy.Clients;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Rewriting;
using Xunit;

namespace NativeProxy.Tests.Clients;

public class FinalRecipientReplyTests
{
    [Theory]
    [InlineData("HTTP/1.1")]
    [InlineData("HTTP/1.0")]
    public void Trace_GetsItsHeadBack_ButNoCredentials(string version)
    {
        string text = $"TRACE /a {version}\r\nHost: a\r\nX:  1 \r\nCookie: c=d\r\nAuthorization: Basic YQ==\r\nProxy-Authorization: b\r\n\r\n";

        (string[] fields, string body) = Answer(text);

        Assert.Equal(["date: now", "content-type: message/http"], fields);
        Assert.Equal($"TRACE /a {version}\r\nHost: a\r\nX: 1\r\n\r\n", body);
    }

    [Fact]
    public void Options_GetsWhatIsServed_AndNoBody()
    {
        (string[] fields, string body) = Answer("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(["date: now", "allow: GET, MOVE"], fields);
        Assert.Equal("", body);
    }

    private static (string[] Fields, string Body) Answer(string text)
    {
        Assert.Equal(ParseStatus.Done, Wire.Request(text, out RequestHead head).Status);
        var fields = new FieldList();
        FinalRecipientReply.WriteFields(ref fields, head.MethodKind, "now"u8.ToArray(), "GET, MOVE"u8);
        var writer = new HeadWriter(new byte[1000]);
        FinalRecipientReply.WriteBody(ref writer, Wire.Bytes(text), head);
        Assert.Equal(FinalRecipientReply.BodyBytes(head), writer.WrittenBytes);
        return ([.. fields.Fields], Wire.Text(writer.Written));
    }
}
