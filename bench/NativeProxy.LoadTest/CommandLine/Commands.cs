using System.CommandLine;

namespace NativeProxy.LoadTest.CommandLine;

/// <summary>The commands of the program.</summary>
internal static class Commands
{
    private const string Description = """
        Load generator, origin server and comparison of proxies. Every response is checked; a wrong one fails the run.

        Exit codes: 0 all right; 1 a run failed, or a wrong command line; 2 refused, because it could not be done honestly here.
        """;

    public static int Run(string[] args)
    {
        var root = new RootCommand(Description)
        {
            CompareCommand.Make(),
            LoadCommand.Make(),
            HerdCommand.Make(),
            ServerCommands.Origin(),
            ServerCommands.Forward(),
            CompareCommand.Report(),
        };
        return root.Parse(args).Invoke();
    }
}
