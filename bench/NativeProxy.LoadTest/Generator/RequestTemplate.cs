using System.Text;
using NativeProxy.LoadTest.Http;

namespace NativeProxy.LoadTest.Generator;

/// <summary>The request of a plan, ready but for its id, which a foreign server does not get. Immutable.</summary>
internal sealed class RequestTemplate
{
    private readonly byte[] _fields;
    private readonly bool _hasId;

    public RequestTemplate(LoadPlan plan)
    {
        string host = plan.Host.Length > 0 ? plan.Host : plan.Target.ToString();
        string framing = !plan.HasBody ? ""
            : plan.BodyChunkBytes > 0 ? "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n"
            : $"Content-Type: application/octet-stream\r\nContent-Length: {plan.BodyBytes}\r\n";
        string closing = plan.IsConnectionPerRequest ? "Connection: close\r\n" : "";
        _hasId = !plan.IsForeign;
        _fields = Encoding.ASCII.GetBytes(
            $"{plan.Method} {plan.Path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: nativeproxy-loadtest\r\nAccept: */*\r\n{closing}{framing}");
    }

    public void AppendHead(OutputBuffer output, ulong id)
    {
        output.Append(_fields);
        if (_hasId)
        {
            output.Append("X-Load-Id: "u8);
            output.AppendHex(id);
            output.Append("\r\n"u8);
        }
        output.Append("\r\n"u8);
    }
}
