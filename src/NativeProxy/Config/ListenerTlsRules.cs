using System;
using System.Collections.Immutable;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// The rules about `[listener.tls]`; what is in its files is looked at by whoever starts or reloads. Appends every breach, and what is probably not
/// meant, to the errors. Lives for one load.
/// </summary>
internal sealed class ListenerTlsRules(SettingPlaces places, SettingsErrors errors)
{
    private static readonly string[] Keys =
    [
        "min_version", "max_version", "ciphers", "cipher_suites", "groups", "alpn", "unknown_name", "tickets", "ticket_keys", "ticket_rotation",
        "session_cache", "records", "record_layer", "certificate", "client.certificate", "client.ca", "client.crl",
    ];

    /// <summary>What may be offered where requests are read.</summary>
    private static readonly string[] SpokenProtocols = ["http/1.1", "http/1.0"];

    /// <param name="listener">The listener.</param>
    /// <param name="path">Of its table.</param>
    public void Check(in ListenerSettings listener, string path)
    {
        ListenerTlsSettings tls = listener.Tls;
        string table = $"{path}.tls";
        if (listener.Forwarded.ClientCertificate != ClientCertificateHeaders.Off
            && (!tls.Enabled || tls.Client.Certificate == ClientCertificateUse.Off))
        {
            Warn($"{path}.forwarded.client_certificate", "no client is asked for a certificate",
                "certificate = \"optional\" or \"required\" in [listener.tls.client]");
        }
        if (!places.IsSet(table))
            return;
        if (!tls.Enabled)
            WarnOfIdle(table);
        else if (tls.Certificates.IsEmpty && !IsBroken($"{table}.certificate"))
            errors.Add(places.Of(table), "TLS without a certificate", "a [[listener.tls.certificate]] with its \"file\"");
        new TlsVersionRules(places, errors).Check(tls.MinVersion, tls.MaxVersion, tls.Ciphers, tls.CipherSuites, table);
        new TlsVersionRules(places, errors).CheckNames(tls.Groups, $"{table}.groups", "group");
        CheckProtocols(listener, $"{table}.alpn");
        if (!TlsRecordsText.TryParse(tls.Records, out _))
            Break($"{table}.records", $"{ErrorExcerpt.Quoted(tls.Records)} is no size of records", TlsRecordsText.Expected);
        CheckTickets(tls, table);
        for (int i = 0; i < tls.Certificates.Length; i++)
            CheckCertificate(tls.Certificates[i].Names, $"{table}.certificate[{i}].names");
        CheckClient(tls.Client, $"{table}.client");
    }

    /// <summary>Somebody who writes enabled = false knows what that means.</summary>
    private void WarnOfIdle(string table)
    {
        if (!places.IsSet($"{table}.enabled") && Keys.Any(key => places.IsSet($"{table}.{key}")))
            Warn(table, "TLS is described but not switched on", "add enabled = true to [listener.tls]");
    }

    private void CheckProtocols(in ListenerSettings listener, string path)
    {
        for (int i = 0; i < listener.Tls.Alpn.Length; i++)
        {
            string protocol = listener.Tls.Alpn[i];
            if (protocol.Length is 0 or > 255 || protocol.AsSpan().ContainsAnyExceptInRange('!', '~'))
            {
                Break($"{path}[{i}]", $"{ErrorExcerpt.Quoted(protocol)} cannot be the name of a protocol", "1 to 255 visible ASCII characters");
            }
            else if (listener.Mode != ListenerMode.Tcp && !SpokenProtocols.Contains(protocol))
            {
                Break($"{path}[{i}]", $"{ErrorExcerpt.Quoted(protocol)} is not spoken here", "\"http/1.1\" or \"http/1.0\"; in mode \"tcp\" any",
                    Spelling.Hint(protocol, SpokenProtocols));
            }
        }
    }

    private void CheckTickets(in ListenerTlsSettings tls, string table)
    {
        if (!tls.Tickets)
        {
            foreach (string key in (string[])["ticket_keys", "ticket_rotation"])
            {
                if (key != "ticket_keys" || tls.TicketKeys.Length > 0)
                    Warn($"{table}.{key}", $"\"{key}\" has no effect: there are no tickets", "tickets = true");
            }
        }
        else if (tls.TicketKeys.Length > 0)
        {
            Warn($"{table}.ticket_rotation", "\"ticket_rotation\" has no effect: keys of a file stay as they are", "a reload reads the file again");
        }
    }

    private void CheckCertificate(ImmutableArray<string> names, string path)
    {
        for (int i = 0; i < names.Length; i++)
        {
            if (TlsNameText.ProblemOf(names[i]) is { } problem)
                Break($"{path}[{i}]", problem, TlsNameText.Expected);
        }
    }

    private void CheckClient(in ListenerTlsClientSettings client, string path)
    {
        if (client.Certificate != ClientCertificateUse.Off && client.Ca.Length == 0)
            Break($"{path}.certificate", "nobody's word about clients is believed", "\"ca\" beside it: a file with the certificates of authorities");
        else if (client.Certificate == ClientCertificateUse.Off && client.Ca.Length > 0)
            Warn($"{path}.ca", "no client is asked for a certificate", "certificate = \"optional\" or \"required\" beside it");
        if (client.Crl.Length > 0 && client.Ca.Length == 0)
            Break($"{path}.crl", "revocation lists say nothing without the authorities that wrote them", "\"ca\" beside it");
    }

    private bool IsBroken(string path) => places.IsSet(path) && errors.HasErrorAt(places.Of(path));

    private void Break(string path, string problem, string expected, string hint = "")
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected, hint);
    }

    private void Warn(string path, string problem, string hint)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Warn(places.Of(path), problem, hint);
    }
}
