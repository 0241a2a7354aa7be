using System.Net;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// The rules about `[admin]` beside those of its address; what is in its files is looked at by whoever starts or reloads. Appends every breach, and
/// what is probably not meant, to the errors. Lives for one load.
/// </summary>
internal sealed class AdminRules(SettingPlaces places, SettingsErrors errors)
{
    public void Check(in AdminSettings admin)
    {
        new UnixSocketRules(places, errors).Check(admin);
        if (admin.Key.Length > 0 && admin.Certificate.Length == 0)
            Break("admin.key", "a private key without its certificate", "\"certificate\" beside it");
        if (admin.Certificate.Length == 0)
            return;
        if (UnixAddressText.IsUnix(admin.Bind))
        {
            Break("admin.certificate", "TLS is not spoken over a Unix socket, which only this machine's users can connect to",
                "no \"certificate\", or an address such as \"192.0.2.1:9901\" in \"bind\"");
        }
        else if (admin.Bind.Length == 0)
        {
            Warn("admin.certificate", "\"certificate\" has no effect: there is no admin endpoint", "\"bind\" beside it");
        }
        else if (IsForOthers(admin.Bind) && admin is { ReadTokenFile.Length: 0, WriteTokenFile.Length: 0 })
        {
            Warn("admin.certificate", "other machines are served without /api: there is no token that they could show",
                "write_token_file or read_token_file beside it");
        }
    }

    /// <summary>Others than this machine can reach it.</summary>
    private static bool IsForOthers(string bind) =>
        AddressText.TryParse(bind, AddressUse.Bind, out HostPort address, out _) && (address.Ip is null || !IPAddress.IsLoopback(address.Ip));

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
