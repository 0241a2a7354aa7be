using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Operating;

/// <summary>
/// `nativeproxy top`: what a proxy that runs does, line by line, again and again; without a terminal, or when told so, once. Keys: q ends, s sorts
/// by the next column. Lives for one command; blocks.
/// </summary>
internal static class TopCommand
{
    private const string OtherScreen = "\e[?1049h\e[?25l";
    private const string OwnScreen = "\e[?25h\e[?1049l";
    private const string Top = "\e[H";
    private const string LineEnd = "\e[K\r\n";
    private const string Rest = "\e[J";

    private static readonly TimeSpan KeyPace = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns the exit code: 1 with one line when the proxy could not be asked.</summary>
    /// <param name="configPath">Of the proxy.</param>
    /// <param name="once">One look over one interval.</param>
    /// <param name="interval">From one look to the next, such as "1s".</param>
    /// <param name="sort">A word of <see cref="TopOrder"/>.</param>
    public static int Run(string configPath, bool once, string interval, string sort)
    {
        if (!Units.TryParseDuration(interval, out long intervalMs) || intervalMs is < 100 or > 3_600_000)
            return OperatorText.Failed($"--interval: \"{interval}\" is no time from \"100ms\" to \"1h\"");
        if (!Enum.TryParse(sort, ignoreCase: true, out TopOrder order) || !Enum.IsDefined(order))
            return OperatorText.Failed($"--sort: \"{sort}\" is none of name, requests, latency, queue, errors");
        if (AdminClient.Of(configPath, out string problem) is not { } client || TopSample.Take(client, out problem) is not { } first)
            return OperatorText.Failed(problem);
        return once || Console.IsOutputRedirected || Console.IsInputRedirected
            ? Once(client, first, intervalMs, order)
            : Live(client, first, intervalMs, order);
    }

    private static int Once(AdminClient client, TopSample first, long intervalMs, TopOrder order)
    {
        Thread.Sleep(TimeSpan.FromMilliseconds(intervalMs));
        if (TopSample.Take(client, out string problem) is not { } now)
            return OperatorText.Failed(problem);
        foreach (string line in TopView.Lines(first, now, order))
            Console.Out.WriteLine(OperatorText.Printable(line));
        return ExitCodes.Success;
    }

    private static int Live(AdminClient client, TopSample first, long intervalMs, TopOrder order)
    {
        Console.CancelKeyPress += static (_, _) => Console.Out.Write(OwnScreen);
        Console.Out.Write(OtherScreen);
        string problem = "";
        try
        {
            var looks = new TopLooks(first);
            while (true)
            {
                Console.Out.Write(Screen([.. looks.Lines(order)], order, Console.WindowWidth, Console.WindowHeight));
                long untilMs = Environment.TickCount64 + intervalMs;
                while (Environment.TickCount64 < untilMs)
                {
                    char key = Console.KeyAvailable ? Console.ReadKey(intercept: true).KeyChar : '\0';
                    if (key is 'q' or 'Q' or '\e')
                        return ExitCodes.Success;
                    if (key is 's' or 'S')
                    {
                        order = (TopOrder)(((int)order + 1) % ((int)TopOrder.Errors + 1));
                        break;
                    }
                    Thread.Sleep(KeyPace);
                }
                if (Environment.TickCount64 < untilMs)
                    continue;
                if (!looks.Take(TopSample.Take(client, out problem), problem))
                    break;
            }
        }
        finally
        {
            Console.Out.Write(OwnScreen);
        }
        return OperatorText.Failed(problem);
    }

    /// <summary>The lines as a terminal shows them: no longer and no more than fit.</summary>
    private static string Screen(List<string> lines, TopOrder order, int width, int height)
    {
        var text = new StringBuilder(Top);
        for (int i = 0; i < Math.Min(lines.Count, height - 1); i++)
        {
            string line = OperatorText.Printable(lines[i]);
            text.Append(line[..Math.Min(line.Length, width)]).Append(LineEnd);
        }
        return text.Append($"q quits, s sorts (by {order.ToString().ToLowerInvariant()})").Append(Rest).ToString();
    }
}
