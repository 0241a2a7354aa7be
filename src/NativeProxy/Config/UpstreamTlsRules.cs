using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// The rules about `[upstream.tls]` and `tls_name`; what is in the files is looked at by whoever starts or reloads. Appends every breach, and what is
/// probably not meant, to the errors. Lives for one load.
/// </summary>
internal sealed class UpstreamTlsRules(SettingPlaces places, SettingsErrors errors)
{
    private static readonly string[] Keys =
    [
        "verify", "ca", "crl", "sni", "name", "certificate", "key", "min_version", "max_version", "ciphers", "cipher_suites", "session_reuse",
    ];

    /// <param name="upstream">The upstream.</param>
    /// <param name="path">Of its table.</param>
    public void Check(in UpstreamSettings upstream, string path)
    {
        UpstreamTlsSettings tls = upstream.Tls;
        string table = $"{path}.tls";
        if (!tls.Enabled && !places.IsSet($"{table}.enabled") && Keys.Any(key => places.IsSet($"{table}.{key}")))
            Warn(table, "TLS is described but not switched on", "add enabled = true to [upstream.tls]");
        new TlsVersionRules(places, errors).Check(tls.MinVersion, tls.MaxVersion, tls.Ciphers, tls.CipherSuites, table);
        if (tls.Name.Length > 0 && !TlsNameText.IsServer(tls.Name))
            Break($"{table}.name", $"{ErrorExcerpt.Quoted(tls.Name)} cannot be the name of a server", TlsNameText.ServerExpected);
        if (tls.Key.Length > 0 && tls.Certificate.Length == 0)
            Break($"{table}.key", "a private key without its certificate", "\"certificate\" beside it");
        CheckVerification(tls, table);
        for (int i = 0; i < upstream.Servers.Length; i++)
            CheckServer(upstream, i, path);
        if (tls is { Enabled: true, Sni: ServerNameChoice.Host } && upstream.Keepalive.MinIdle > 0)
        {
            Break($"{path}.keepalive.min_idle", "a connection that is opened ahead has no request whose Host it could name (tls.sni = \"host\")",
                "0, or sni = \"server\"");
        }
    }

    private void CheckVerification(in UpstreamTlsSettings tls, string table)
    {
        if (tls.Verify)
        {
            if (tls.Crl.Length > 0 && tls.Ca.Length == 0)
                Break($"{table}.crl", "revocation lists say nothing without the authorities that wrote them", "\"ca\" beside it");
            return;
        }
        if (tls.Enabled)
        {
            Warn($"{table}.verify", "anybody between the proxy and the servers can pass for one of them",
                "verify = true, with \"ca\" for authorities of one's own");
        }
        (string Key, bool IsIdle)[] unused =
        [
            ("ca", tls.Ca.Length > 0), ("crl", tls.Crl.Length > 0), ("name", tls.Name.Length > 0 && tls.Sni != ServerNameChoice.Server),
        ];
        foreach ((string key, _) in unused.Where(static one => one.IsIdle))
            Warn($"{table}.{key}", $"\"{key}\" has no effect: certificates of the servers are not verified", "verify = true");
    }

    private void CheckServer(in UpstreamSettings upstream, int index, string path)
    {
        UpstreamServerSettings server = upstream.Servers[index];
        string key = $"{path}.server[{index}].tls_name";
        if (server.TlsName.Length > 0 && !TlsNameText.IsServer(server.TlsName))
            Break(key, $"{ErrorExcerpt.Quoted(server.TlsName)} cannot be the name of a server", TlsNameText.ServerExpected);
        else if (server.TlsName.Length > 0 && !upstream.Tls.Enabled)
            Warn(key, "\"tls_name\" has no effect: no TLS is spoken with the servers", "enabled = true in [upstream.tls]");
        bool isNamed = server.TlsName.Length > 0 || upstream.Tls.Name.Length > 0 || upstream.Tls.Sni == ServerNameChoice.Host;
        if (upstream.Tls is { Enabled: true, Verify: true } && !isNamed && UnixAddressText.IsUnix(server.Address))
        {
            Break($"{path}.{ShortServers.AddressKey(upstream, index)}",
                $"{ErrorExcerpt.Quoted(server.Address)} has no host that the certificate of the server could be for",
                "\"tls_name\" beside it, or \"name\" in [upstream.tls]");
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
