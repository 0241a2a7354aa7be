using NativeProxy.Tests.Layers;

namespace NativeProxy.LayeredHost;

/// <summary>
/// The product, whole, with every listener and every server speaking in the records of the tests: what stands between the end-to-end scenes and a
/// layer. The admin endpoint and the health checks, which no loop carries, stay bare.
/// </summary>
internal static class LayeredProgram
{
    private static int Main(string[] args) => Program.Run(args, new RecordTrafficSecurity(new RecordOptions(1)));
}
