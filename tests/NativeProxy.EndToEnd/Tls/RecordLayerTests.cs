using System.Threading.Tasks;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>Who makes the records behind a handshake of TLS 1.3, told by the memory that OpenSSL has for the connection.</summary>
public sealed class RecordLayerTests
{
    private const int RecordsBytes = 2_400;
    private const int LibraryBytes = 13_500;

    [Theory]
    [InlineData(LibSsl.Tls13, "", RecordsBytes)]
    [InlineData(LibSsl.Tls13, "record_layer = \"built-in\"", RecordsBytes)]
    [InlineData(LibSsl.Tls13, "record_layer = \"openssl\"", LibraryBytes)]
    [InlineData(LibSsl.Tls12, "record_layer = \"built-in\"", LibraryBytes)]
    public async Task RecordsAreMade_ByWhomTheSettingNames(int version, string line, int bytes)
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening(line));
        await using TlsClient client = await scene.Connect(TlsEnd.Client(version, version));
        Assert.Equal(200, (await client.Ask()).Status);
        Assert.Equal(200, (await client.Ask()).Status);
        await scene.Proxy.WaitForMetric("nativeproxy_tls_memory_bytes", bytes);
    }
}
