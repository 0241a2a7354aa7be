using System.Collections.Generic;
using System.Net;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// Each address and port is listened on once, in all listeners and the admin endpoint together. The kernel would refuse the second one as
/// "in use" without saying by whom: by ourselves. Appends every breach to the errors. Lives for one load.
/// </summary>
internal sealed class BindRules(SettingPlaces places, SettingsErrors errors)
{
    private readonly Dictionary<int, List<Use>> _usesByPort = [];

    /// <summary>Where the file says so first, by path of the socket.</summary>
    private readonly Dictionary<string, string> _unixSockets = [];

    /// <summary>An address that is listened on: where the file says so, and for what ("listener \"web\"").</summary>
    private readonly record struct Use(HostPort Address, string Text, string Path, string Owner);

    /// <summary>Judges that of the operator's endpoint.</summary>
    public void CheckAdmin(in AdminSettings admin) => Check(admin.Bind, "admin.bind", "the admin endpoint", mayBeUnix: true);

    /// <summary>Judges one address beside those before it.</summary>
    /// <param name="text">As in the file.</param>
    /// <param name="path">Where it stands in the file.</param>
    /// <param name="owner">What listens on it, for messages.</param>
    /// <param name="mayBeUnix">It may be a Unix socket.</param>
    public void Check(string text, string path, string owner, bool mayBeUnix)
    {
        if (mayBeUnix && UnixAddressText.IsUnix(text))
        {
            CheckUnix(text, path);
            return;
        }
        foreach (string one in BindText.Expand(text))
        {
            if (!TryAdd(one, path, owner))
                return;
        }
    }

    private void CheckUnix(string text, string path)
    {
        if (UnixAddressText.ProblemOf(text, UnixAddressText.ListeningPathCharsMax) is { } problem)
            Break(path, $"the address {ErrorExcerpt.Quoted(text)} {problem}", UnixAddressText.Expected, "");
        else if (!_unixSockets.TryAdd(text, path))
            Break(path, $"the address {ErrorExcerpt.Quoted(text)} is bound twice", "", FirstUse(_unixSockets[text]));
    }

    /// <summary>False when something is wrong with it: the others of its range mostly have the same fault.</summary>
    private bool TryAdd(string text, string path, string owner)
    {
        if (!AddressText.TryParse(text, AddressUse.Bind, out HostPort address, out string problem))
        {
            string hint = text.StartsWith("localhost:", System.StringComparison.OrdinalIgnoreCase)
                ? $"did you mean \"127.0.0.1{text["localhost".Length..]}\"?"
                : "";
            Break(path, $"the address {ErrorExcerpt.Quoted(text)} {problem}", AddressText.Expected(AddressUse.Bind), hint);
            return false;
        }

        if (!_usesByPort.TryGetValue(address.Port, out List<Use>? uses))
            _usesByPort.Add(address.Port, uses = []);
        foreach (Use earlier in uses)
        {
            if (!Overlap(earlier.Address, address))
                continue;
            if (earlier.Address.Canonical == address.Canonical)
            {
                Break(path, $"the address {ErrorExcerpt.Quoted(text)} is bound twice", "", FirstUse(earlier.Path));
            }
            else
            {
                Break(path, Conflict(earlier, text, owner), "each address once: \"*\" and \"[::]\" are all addresses, \"0.0.0.0\" is all of IPv4",
                    "take another port, or one of the two only");
            }

            return false;
        }

        uses.Add(new Use(address, text, path, owner));
        return true;
    }

    /// <summary>Whether both cannot be bound at once: the same port, and an address in common.</summary>
    public static bool Overlap(HostPort one, HostPort other) =>
        one.Port == other.Port && (one.Canonical == other.Canonical || Covers(one.Ip, other.Ip) || Covers(other.Ip, one.Ip));

    /// <summary>`*` is a socket of `[::]` that takes IPv4 as well, as `[::]` itself does here; `0.0.0.0` takes IPv4 alone.</summary>
    private static bool Covers(IPAddress? wide, IPAddress? narrow)
    {
        if (wide is null || wide.Equals(IPAddress.IPv6Any))
            return true;
        return wide.Equals(IPAddress.Any) && narrow is { AddressFamily: System.Net.Sockets.AddressFamily.InterNetwork };
    }

    private string FirstUse(string path) => $"first used in {errors.LineOf(places.Of(path))}";

    private string Conflict(in Use earlier, string text, string owner)
    {
        string whose = earlier.Owner == owner ? "the same " + owner : earlier.Owner;
        return $"{owner} cannot listen on {ErrorExcerpt.Quoted(text)} beside {ErrorExcerpt.Quoted(earlier.Text)} of {whose} "
            + $"({errors.PlaceOf(places.Of(earlier.Path))})";
    }

    private void Break(string path, string problem, string expected, string hint)
    {
        TextPosition position = places.Of(path);
        if (!errors.HasErrorAt(position))
            errors.Add(position, problem, expected, hint);
    }
}
