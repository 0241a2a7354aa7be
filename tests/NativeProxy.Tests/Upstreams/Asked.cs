using NativeProxy.Http;
using NativeProxy.Tests.Http1;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Tests.Upstreams;

/// <summary>Requests as a server is asked, from their parts.</summary>
internal static class Asked
{
    public static RequestToServer Of(string method, string target, string lines, BodyLength body = default, bool isOnlyOne = false)
    {
        string words = $"{method} {target}";
        return new RequestToServer(Wire.Bytes(words + lines), words.Length) { Body = body, IsOnlyOne = isOnlyOne };
    }
}
