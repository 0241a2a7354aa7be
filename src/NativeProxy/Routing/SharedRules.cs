using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using NativeProxy.Compression;
using NativeProxy.Config;
using NativeProxy.Credentials;

namespace NativeProxy.Routing;

/// <summary>
/// Rules that the file says once and many routes have: each is made once for a load of the settings, so that a file of users is read once and its
/// table stands in memory once, however many routes and listeners ask for a login. Used while routes are made; thread: the loop.
/// </summary>
internal sealed class SharedRules
{
    private readonly Dictionary<string, LoginRule> _logins = [];
    private readonly Dictionary<string, CompressionRule> _compressions = [];

    /// <summary>The rules about who may ask.</summary>
    public IReadOnlyCollection<LoginRule> Logins => _logins.Values;

    /// <summary>The one rule of these settings, and of all that say the same.</summary>
    public LoginRule LoginBy(in BasicAuthSettings settings)
    {
        var key = new StringBuilder();
        Append(key, settings.Realm, settings.UsersFile, settings.UserHeader, settings.Forward ? "forward" : "");
        foreach (NamedText user in settings.Users.IsDefault ? [] : settings.Users)
            Append(key, user.Name, user.Text);
        return _logins.TryGetValue(key.ToString(), out LoginRule? known) ? known : Kept(_logins, key, new LoginRule(settings));
    }

    /// <inheritdoc cref="LoginBy"/>
    public CompressionRule CompressionBy(in CompressionSettings settings)
    {
        var key = new StringBuilder();
        foreach (CompressionKind algorithm in settings.Algorithms)
            Append(key, ((int)algorithm).ToString(CultureInfo.InvariantCulture));
        Append(key, settings.MinBytes.ToString(CultureInfo.InvariantCulture));
        Append(key, settings.Types.IsDefault ? [] : [.. settings.Types]);
        return _compressions.TryGetValue(key.ToString(), out CompressionRule? known)
            ? known
            : Kept(_compressions, key, new CompressionRule(settings));
    }

    private static T Kept<T>(Dictionary<string, T> rules, StringBuilder key, T rule)
    {
        rules.Add(key.ToString(), rule);
        return rule;
    }

    /// <summary>Each text behind its length, so that no two lists of texts are the same key.</summary>
    private static void Append(StringBuilder key, params ReadOnlySpan<string?> texts)
    {
        foreach (string? text in texts)
            key.Append(text?.Length ?? 0).Append(':').Append(text);
    }
}
