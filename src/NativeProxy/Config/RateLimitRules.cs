using System;
using System.Collections.Immutable;
using System.Linq;
using System.Numerics;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// The rules about `[[rate_limit]]` and who names them. Appends every breach to the errors; does not judge a value that the binder has refused
/// already. Lives for one load.
/// </summary>
internal sealed class RateLimitRules(ProxySettings settings, SettingPlaces places, SettingsErrors errors)
{
    /// <summary>Most keys of all limits together, after each has been rounded up to a power of two: the memory is set aside at the start.</summary>
    private const int KeysMax = 4 * 1024 * 1024;

    private const int WindowCountMax = 100_000;

    public void CheckAll()
    {
        for (int i = 0; i < settings.RateLimits.Length; i++)
            Check(settings.RateLimits[i], $"rate_limit[{i}]");
        if (settings.RateLimits.Length > RateLimitSettings.CountMax)
            Break("rate_limit", "there are too many limits", $"at most {RateLimitSettings.CountMax}");
        else if (KeysOfAll() > KeysMax)
            Break("rate_limit", $"all limits together have more than {KeysMax} keys, each rounded up to a power of two", "a smaller max_keys");
        for (int i = 0; i < settings.Listeners.Length; i++)
        {
            CheckNames(settings.Listeners[i].RateLimits, $"listener[{i}].rate_limit");
            CheckConnections(settings.Listeners[i], $"listener[{i}]");
        }
        for (int i = 0; i < settings.Routes.Length; i++)
            CheckNames(settings.Routes[i].RateLimits, $"route[{i}].rate_limit");
        for (int i = 0; i < settings.Policies.Length; i++)
            CheckNames(settings.Policies[i].RateLimits, $"policy[{i}].rate_limit");
    }

    /// <summary>Limits and listeners together.</summary>
    private long KeysOfAll() =>
        settings.RateLimits.Sum(static limit => RoundedUp(limit.KeysMax))
        + (settings.Listeners.Count(static listener => listener.Limits.ConnectionRatePerClient.Length > 0)
            * RoundedUp(ListenerLimitSettings.ClientsRemembered));

    /// <summary>What a listener takes is judged before anything of it is read.</summary>
    private void CheckConnections(in ListenerSettings listener, string path)
    {
        string rate = listener.Limits.ConnectionRatePerClient;
        if (rate.Length > 0 && !RateText.TryParse(rate, out _))
            Break($"{path}.limits.connection_rate_per_client", $"{ErrorExcerpt.Quoted(rate)} is no rate", RateText.Expected);
        CheckNetworks(listener.Access.Allow, $"{path}.access.allow");
        CheckNetworks(listener.Access.Deny, $"{path}.access.deny");
    }

    private void CheckNetworks(ImmutableArray<string> networks, string path)
    {
        for (int i = 0; i < networks.Length; i++)
        {
            if (!NetworkText.TryParse(networks[i], out _))
                Break($"{path}[{i}]", $"{ErrorExcerpt.Quoted(networks[i])} is no network", NetworkText.Expected);
        }
    }

    /// <summary>What a limit takes up.</summary>
    private static long RoundedUp(int keys) => BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, keys));

    private void Check(in RateLimitSettings limit, string path)
    {
        bool hasRate = RateText.TryParse(limit.Rate, out _);
        if (!hasRate)
            Break($"{path}.rate", $"{ErrorExcerpt.Quoted(limit.Rate)} is no rate", RateText.Expected);
        if (!RateKeyText.TryParse(limit.Key, out _))
            Break($"{path}.key", $"{ErrorExcerpt.Quoted(limit.Key)} is nothing that requests can be told apart by", RateKeyText.Expected);
        for (int i = 0; i < limit.CountStatus.Length; i++)
        {
            if (!StatusText.TryParse(limit.CountStatus[i], out _))
                Break($"{path}.count_status[{i}]", $"{ErrorExcerpt.Quoted(limit.CountStatus[i])} is no status", StatusText.Expected);
        }
        if (limit.Algorithm == RateAlgorithm.SlidingWindow)
            CheckWindow(limit, path);
        if (limit.Action == RateAction.Delay && !limit.CountStatus.IsEmpty)
            Break($"{path}.action", "a request cannot wait for a limit that counts answers (count_status)", "\"reject\" or \"log\"");
        string name = limit.Name;
        if (name.Length > 0 && !IsUsed(name) && places.IsSet($"{path}.name") && !errors.HasErrorAt(places.Of($"{path}.name")))
            errors.Warn(places.Of($"{path}.name"), $"no listener, route or policy uses the limit {ErrorExcerpt.Quoted(name)}", "");
    }

    /// <summary>A window has no burst, and gives nobody a place beforehand.</summary>
    private void CheckWindow(in RateLimitSettings limit, string path)
    {
        if (limit.Burst > 0)
            Break($"{path}.burst", "a \"sliding_window\" has no burst", "no \"burst\" here, or algorithm = \"token_bucket\"");
        if (limit.Action == RateAction.Delay)
            Break($"{path}.action", "a request cannot wait for a \"sliding_window\"", "\"reject\" or \"log\", or algorithm = \"token_bucket\"");
        if (RateText.TryParse(limit.Rate, out Rate rate) && rate.Count > WindowCountMax)
            Break($"{path}.rate", $"a \"sliding_window\" counts to {WindowCountMax} at most", "a smaller number, or algorithm = \"token_bucket\"");
    }

    private bool IsUsed(string name) =>
        settings.Listeners.Any(listener => listener.RateLimits.Contains(name)) || settings.Routes.Any(route => route.RateLimits.Contains(name))
        || settings.Policies.Any(policy => policy.RateLimits.Contains(name));

    private void CheckNames(ImmutableArray<string> wanted, string path)
    {
        string[] names = [.. settings.RateLimits.Select(static limit => limit.Name).Where(static name => name.Length > 0)];
        bool isUnreadable = settings.RateLimits.IsEmpty && places.IsSet("rate_limit") && errors.HasErrorAt(places.Of("rate_limit"));
        for (int i = 0; i < wanted.Length; i++)
        {
            if (names.Contains(wanted[i]) || isUnreadable)
                continue;
            Break($"{path}[{i}]", $"there is no limit {ErrorExcerpt.Quoted(wanted[i])}",
                names.Length > 0 ? "one of: " + string.Join(", ", names) : "a [[rate_limit]] with this name", Spelling.Hint(wanted[i], names));
        }
    }

    private void Break(string path, string problem, string expected, string hint = "")
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected, hint);
    }
}
