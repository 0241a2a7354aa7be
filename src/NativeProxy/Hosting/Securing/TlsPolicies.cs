using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Transport.Tls;

namespace NativeProxy.Hosting.Securing;

/// <summary>
/// How the listeners and servers of some settings are secured, made of files that were read before. What is made of the same as in the settings
/// before is the same object: connections, sessions and pools go on with it. Made off the loop, in the supervisor as a trial and in each worker; then
/// asked on the loop.
/// </summary>
internal sealed class TlsPolicies
{
    private readonly Dictionary<string, TlsServerPolicy> _listeners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, UpstreamPolicies> _upstreams = new(StringComparer.Ordinal);

    /// <summary>By what they are made of.</summary>
    private readonly Dictionary<string, object> _made = new(StringComparer.Ordinal);

    private TlsPolicies()
    {
    }

    /// <summary>Nobody speaks TLS.</summary>
    public static TlsPolicies None { get; } = new();

    /// <summary>The policies; null when something cannot be, with the keys of the settings and what is wrong.</summary>
    /// <param name="settings">Valid settings.</param>
    /// <param name="files">The files that they name.</param>
    /// <param name="before">Those in force.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public static TlsPolicies? TryMake(in ProxySettings settings, TlsFiles files, TlsPolicies before, List<TlsFileProblem> problems)
    {
        if (FirstKeyOf(settings, isForTraffic: true) is null)
            return None;
        if (!CanSpeak(settings, problems))
            return null;
        var made = new TlsPolicies();
        var material = new TlsMaterial(files, DateTimeOffset.UtcNow);
        for (int i = 0; i < settings.Listeners.Length; i++)
        {
            if (settings.Listeners[i].Tls.Enabled)
                made.AddListener(settings.Listeners[i], KeyOf("listener", i), material, before, problems);
        }
        for (int i = 0; i < settings.Upstreams.Length; i++)
        {
            if (settings.Upstreams[i].Tls.Enabled)
                made.AddUpstream(settings.Upstreams[i], KeyOf("upstream", i), material, before, problems);
        }
        material.ClearKeys();
        return problems.Count == 0 ? made : null;
    }

    /// <summary>False, with what is missing, when settings ask for TLS and this machine has no OpenSSL.</summary>
    public static bool CanSpeak(in ProxySettings settings, List<TlsFileProblem> problems)
    {
        if (FirstKeyOf(settings, isForTraffic: false) is not { } first || OpenSslLibrary.TryLoad(out string missing))
            return true;
        problems.Add(new TlsFileProblem(first, missing));
        return false;
    }

    /// <summary>Whether settings ask for TLS anywhere.</summary>
    public static bool IsWanted(in ProxySettings settings) => FirstKeyOf(settings, isForTraffic: false) is not null;

    /// <summary>How a listener is secured; null = not.</summary>
    public TlsServerPolicy? OfListener(string name) => _listeners.GetValueOrDefault(name);

    /// <summary>How connections to the servers of an upstream are secured; null = not.</summary>
    public UpstreamPolicies? OfUpstream(string name) => _upstreams.GetValueOrDefault(name);

    /// <summary>Ticket keys of listeners; on the loop.</summary>
    public void Take(TicketRings rings)
    {
        foreach ((string name, TlsServerPolicy policy) in _listeners)
            policy.Tickets = rings.Of(name) ?? policy.Tickets;
    }

    /// <summary>Where TLS is asked for first; null = nowhere.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="isForTraffic">That of the control plane does not count.</param>
    private static string? FirstKeyOf(in ProxySettings settings, bool isForTraffic)
    {
        for (int i = 0; i < settings.Listeners.Length; i++)
        {
            if (settings.Listeners[i].Tls.Enabled)
                return KeyOf("listener", i) + ".enabled";
        }
        for (int i = 0; i < settings.Upstreams.Length; i++)
        {
            if (settings.Upstreams[i].Tls.Enabled)
                return KeyOf("upstream", i) + ".enabled";
        }
        return settings.Admin.IsSecured && !isForTraffic ? "admin.certificate" : null;
    }

    private static string KeyOf(string table, int index) => string.Create(CultureInfo.InvariantCulture, $"{table}[{index}].tls");

    private void AddListener(
        in ListenerSettings listener, string key, TlsMaterial material, TlsPolicies before, List<TlsFileProblem> problems)
    {
        ListenerTlsSettings tls = listener.Tls;
        TlsTerms terms = TermsOf(tls.MinVersion, tls.MaxVersion, tls.Ciphers, tls.CipherSuites, tls.Groups);
        bool asksClients = tls.Client.Certificate != ClientCertificateUse.Off;
        string clients = asksClients ? material.Print(tls.Client.Ca, tls.Client.Crl) : "";
        string print = string.Join('|', listener.Name, listener.Mode, terms, string.Join(',', tls.Alpn), tls.UnknownName, tls.Tickets,
            tls.SessionCache, tls.Records, tls.RecordLayer, tls.Client.Certificate, clients,
            string.Join(';', tls.Certificates.Select(one => $"{string.Join(',', one.Names)} {material.Print(one.File, one.Key, one.Ocsp)}")));
        if (before._made.GetValueOrDefault(print) is TlsServerPolicy kept)
        {
            Keep(_listeners, listener.Name, kept, print);
            return;
        }
        int known = problems.Count;
        ImmutableArray<TlsCertificate> certificates = CertificatesOf(tls, key, material, problems);
        TrustStore? authorities = asksClients ? material.Store(tls.Client.Ca, tls.Client.Crl, key + ".client", problems) : null;
        if (problems.Count > known)
            return;
        TlsRecordsText.TryParse(tls.Records, out int recordBytes);
        var policy = TlsServerPolicy.TryMake(new TlsServerTerms(terms, certificates)
        {
            Protocols = !tls.Alpn.IsDefaultOrEmpty ? tls.Alpn : listener.Mode == ListenerMode.Tcp ? [] : ["http/1.1"],
            RefusesUnknownNames = tls.UnknownName == TlsUnknownName.Refuse,
            HasTickets = tls.Tickets,
            SessionCacheCount = tls.SessionCache,
            RecordBytes = recordBytes,
            OpensRecords = tls.RecordLayer == TlsRecordLayer.BuiltIn,
            ClientCertificate = tls.Client.Certificate switch
            {
                ClientCertificateUse.Required => ClientCertificateDemand.Required,
                ClientCertificateUse.Optional => ClientCertificateDemand.Optional,
                _ => ClientCertificateDemand.None,
            },
            Clients = authorities,
            ClientsText = clients,
        }, out string problem);
        if (policy is null)
            problems.Add(new TlsFileProblem(key, problem));
        else
            Keep(_listeners, listener.Name, policy, print);
    }

    private void AddUpstream(
        in UpstreamSettings upstream, string key, TlsMaterial material, TlsPolicies before, List<TlsFileProblem> problems)
    {
        UpstreamTlsSettings tls = upstream.Tls;
        TlsTerms terms = TermsOf(tls.MinVersion, tls.MaxVersion, tls.Ciphers, tls.CipherSuites, []);
        string print = string.Join('|', "server", upstream.Name, terms, tls.Verify, tls.SessionReuse,
            tls.Verify ? material.Print(tls.Ca, tls.Crl) : "", tls.Certificate.Length > 0 ? material.Print(tls.Certificate, tls.Key) : "");
        if (before._made.GetValueOrDefault(print) is UpstreamPolicies kept)
        {
            Keep(_upstreams, upstream.Name, kept, print);
            return;
        }
        int known = problems.Count;
        TrustStore? authorities = tls.Verify ? material.Store(tls.Ca, tls.Crl, key, problems) : null;
        TlsCertificate? own = tls.Certificate.Length > 0 ? material.Certificate(tls.Certificate, tls.Key, key + ".certificate", problems) : null;
        if (problems.Count > known)
            return;
        var common = TlsClientPolicy.TryMake(new TlsClientTerms(terms)
        {
            Servers = authorities,
            Own = own,
            ReusesSessions = tls.SessionReuse,
        }, "", "", out string problem);
        if (common is null)
            problems.Add(new TlsFileProblem(key, problem));
        else
            Keep(_upstreams, upstream.Name, new UpstreamPolicies(common), print);
    }

    private void Keep<T>(Dictionary<string, T> all, string name, T policy, string print)
        where T : class
    {
        all.Add(name, policy);
        _made[print] = policy;
    }

    private static ImmutableArray<TlsCertificate> CertificatesOf(
        in ListenerTlsSettings tls, string key, TlsMaterial material, List<TlsFileProblem> problems)
    {
        var all = new List<TlsCertificate>();
        for (int i = 0; i < tls.Certificates.Length; i++)
        {
            ListenerCertificateSettings one = tls.Certificates[i];
            string place = string.Create(CultureInfo.InvariantCulture, $"{key}.certificate[{i}].file");
            if (material.Certificate(one.File, one.Key, place, problems) is not { } certificate)
                continue;
            certificate = certificate with { Ocsp = material.Response(one.Ocsp) };
            if (!one.Names.IsDefaultOrEmpty)
                certificate = certificate with { Names = [.. one.Names.Select(static name => name.ToLowerInvariant())] };
            all.Add(certificate);
        }
        return [.. all];
    }

    private static TlsTerms TermsOf(
        TlsVersion min, TlsVersion max, ImmutableArray<string> ciphers, ImmutableArray<string> suites, ImmutableArray<string> groups) =>
        new(NumberOf(min), NumberOf(max))
        {
            Ciphers = ciphers.IsDefaultOrEmpty ? TlsTerms.SoundCiphers : string.Join(':', ciphers),
            CipherSuites = suites.IsDefaultOrEmpty ? "" : string.Join(':', suites),
            Groups = groups.IsDefaultOrEmpty ? "" : string.Join(':', groups),
        };

    private static int NumberOf(TlsVersion version) => version == TlsVersion.Tls13 ? TlsTerms.Tls13 : TlsTerms.Tls12;
}
