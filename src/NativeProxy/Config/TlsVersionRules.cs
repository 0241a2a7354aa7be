using System.Collections.Immutable;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// The rules about versions and ciphers, which are the same towards clients and servers; whether there is a cipher of a name only OpenSSL knows.
/// Appends every breach, and what has no effect, to the errors. Lives for one load.
/// </summary>
internal sealed class TlsVersionRules(SettingPlaces places, SettingsErrors errors)
{
    /// <param name="min">Oldest version.</param>
    /// <param name="max">Newest version.</param>
    /// <param name="ciphers">Of TLS 1.2.</param>
    /// <param name="suites">Of TLS 1.3.</param>
    /// <param name="table">Path of the table with these keys.</param>
    public void Check(TlsVersion min, TlsVersion max, ImmutableArray<string> ciphers, ImmutableArray<string> suites, string table)
    {
        string key = places.IsSet($"{table}.min_version") ? "min_version" : "max_version";
        if (min > max)
            Break($"{table}.{key}", "min_version (1.3) is above max_version (1.2)", "at most max_version");
        else if (min == TlsVersion.Tls13 && !ciphers.IsEmpty)
            Warn($"{table}.ciphers", "\"ciphers\" has no effect: it is for TLS 1.2, which is not spoken", "cipher_suites for those of TLS 1.3");
        else if (max == TlsVersion.Tls12 && !suites.IsEmpty)
            Warn($"{table}.cipher_suites", "\"cipher_suites\" has no effect: it is for TLS 1.3, which is not spoken", "ciphers for those of TLS 1.2");
        CheckNames(ciphers, $"{table}.ciphers", "cipher");
        CheckNames(suites, $"{table}.cipher_suites", "cipher suite");
    }

    /// <param name="names">A list of names.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="kind">What it names.</param>
    public void CheckNames(ImmutableArray<string> names, string path, string kind)
    {
        for (int i = 0; i < names.Length; i++)
        {
            if (!TlsNameText.IsCipher(names[i]))
                Break($"{path}[{i}]", $"{ErrorExcerpt.Quoted(names[i])} cannot be the name of a {kind}", TlsNameText.CipherExpected);
        }
    }

    private void Break(string path, string problem, string expected)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected);
    }

    private void Warn(string path, string problem, string hint)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Warn(places.Of(path), problem, hint);
    }
}
