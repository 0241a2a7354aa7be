using System.CommandLine;
namespace NativeProxy.LoadTest.CommandLine;
internal static class CompareCommand
{
    public static Command Make() => new("compare");
    public static Command Report() => new("report");
}
