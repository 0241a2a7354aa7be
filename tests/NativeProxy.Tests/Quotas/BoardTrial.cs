using System;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Quotas;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Quotas;

/// <summary>A board with the limits that a test writes as `name rate keys`.</summary>
internal static class BoardTrial
{
    public static ProxySettings SettingsOf(params string[] limits)
    {
        string text = string.Concat(limits.Select(static limit =>
        {
            string[] words = limit.Split(' ');
            return $"[[rate_limit]]\nname = \"{words[0]}\"\nrate = \"{words[1]}\"\nmax_keys = {words[2]}\n";
        }));
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.Minimal + text);
        Assert.Empty(result.Errors);
        return result.Settings;
    }

    /// <summary>The table of the limit of this name.</summary>
    public static RateTable Table(LimitBoard board, ProxySettings settings, string name) =>
        board.TableOf(RateDefinition.Of(settings.RateLimits.First(limit => limit.Name == name)));

    /// <summary>A board with one limit.</summary>
    public static RateTable NewTable(string rate, int keys, out LimitBoard board)
    {
        board = LimitBoard.CreatePrivate(workers: 1);
        ProxySettings settings = SettingsOf($"a {rate} {keys}");
        board.Publish(settings);
        return Table(board, settings, "a");
    }

    /// <summary>Keys as a hash makes them.</summary>
    public static ulong[] Keys(LimitBoard board, int count, int seed = 0) =>
        [.. Enumerable.Range(0, count).Select(i => board.Hash.Of(BitConverter.GetBytes(((long)seed << 32) | (uint)i)))];
}
