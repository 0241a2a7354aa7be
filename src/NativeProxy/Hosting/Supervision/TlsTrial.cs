using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Certificates;
using NativeProxy.Config;
using NativeProxy.Config.Toml;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Securing;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// Looks whether the files that the settings of TLS name can be used, each by itself and with those that belong to it. What is wrong is told at its
/// key, all at once. Lives for one load.
/// </summary>
internal sealed class TlsTrial
{
    private readonly SettingsResult _result;
    private readonly List<ConfigError> _findings;
    private readonly DateTimeOffset _now = DateTimeOffset.UtcNow;
    private readonly TlsFiles _files;

    private TlsTrial(SettingsResult result, List<ConfigError> findings)
    {
        _result = result;
        _findings = findings;
        List<TlsFileProblem> problems = [];

        // Before all else: what reads certificates ends the process where there is no OpenSSL.
        CanSpeak = TlsPolicies.CanSpeak(result.Settings, problems);
        if (CanSpeak && TlsPolicies.IsWanted(result.Settings))
            LinuxProcess.KeepMemoryPrivate();
        _files = CanSpeak ? TlsFiles.Read(result.Settings, problems) : TlsFiles.None;
        foreach (TlsFileProblem problem in problems)
            Tell(problem.Key, [new CertificateFinding(problem.Problem)]);
    }

    /// <summary>Nobody wants TLS, or this machine has what it needs.</summary>
    private bool CanSpeak { get; }

    /// <summary>The files, for the workers; errors and warnings are added to the findings.</summary>
    public static TlsFiles Read(SettingsResult result, List<ConfigError> findings)
    {
        var trial = new TlsTrial(result, findings);
        if (!trial.CanSpeak)
            return trial._files;
        ProxySettings settings = result.Settings;
        for (int i = 0; i < settings.Listeners.Length; i++)
        {
            if (settings.Listeners[i].Tls.Enabled)
                trial.TryListener(settings.Listeners[i].Tls, $"listener[{i}].tls");
        }
        for (int i = 0; i < settings.Upstreams.Length; i++)
        {
            if (settings.Upstreams[i].Tls.Enabled)
                trial.TryUpstream(settings.Upstreams[i].Tls, $"upstream[{i}].tls");
        }
        if (settings.Admin.IsSecured)
            trial.TryAdmin(settings.Admin);
        if (findings.TrueForAll(static finding => finding.IsWarning))
            trial.TryPolicies(settings);
        return trial._files;
    }

    /// <summary>Makes what the workers will make: what OpenSSL does not take is told before any of them hears of it.</summary>
    private void TryPolicies(in ProxySettings settings)
    {
        List<TlsFileProblem> problems = [];
        TlsPolicies.TryMake(settings, _files, TlsPolicies.None, problems);
        foreach (TlsFileProblem problem in problems)
            Tell(problem.Key, [new CertificateFinding(problem.Problem)]);
    }

    private void TryListener(in ListenerTlsSettings tls, string table)
    {
        Dictionary<(string Name, CertificateKeyKind Kind), string> names = [];
        for (int i = 0; i < tls.Certificates.Length; i++)
        {
            ListenerCertificateSettings certificate = tls.Certificates[i];
            string key = $"{table}.certificate[{i}]";
            if (TryCertificate(certificate.File, certificate.Key, isForServers: true, $"{key}.file") is { } file)
                CompareNames(file, certificate.Names.IsEmpty ? file.Names : certificate.Names, names, $"{key}.file");
            if (certificate.Ocsp.Length > 0 && _files.Has(certificate.Ocsp))
                Tell($"{key}.ocsp", findings => OcspFile.Check(certificate.Ocsp, _files.Of(certificate.Ocsp), findings));
        }
        string ticketKeys = tls.TicketKeys;
        if (_files.Has(ticketKeys) && ticketKeys.Length > 0 && tls.Tickets)
            Tell($"{table}.ticket_keys", findings => TicketKeyFile.TryRead(ticketKeys, _files.Of(ticketKeys).Span, out _, findings));
        if (tls.Client.Certificate != ClientCertificateUse.Off)
            TryAuthorities(tls.Client.Ca, tls.Client.Crl, $"{table}.client");
    }

    private void TryUpstream(in UpstreamTlsSettings tls, string table)
    {
        if (tls.Verify)
            TryAuthorities(tls.Ca, tls.Crl, table);
        if (tls.Certificate.Length > 0)
            TryCertificate(tls.Certificate, tls.Key, isForServers: false, $"{table}.certificate");
    }

    /// <summary>The endpoint's TLS is that of .NET, which has no settings: what it would refuse at the handshake is told here.</summary>
    private void TryAdmin(in AdminSettings admin)
    {
        const int RsaBitsMin = 2048;
        if (TryCertificate(admin.Certificate, admin.Key, isForServers: true, "admin.certificate") is not { } file)
            return;
        if (file is { KeyKind: CertificateKeyKind.Rsa, KeyBits: < RsaBitsMin })
        {
            Tell("admin.certificate", [new CertificateFinding($"{file.Place}: its RSA key has {file.KeyBits} bits", $"{RsaBitsMin} or more")]);
            return;
        }
        try
        {
            ShownCertificate.Read(admin.Certificate, admin.Key, _files, isForServers: true);
        }
        catch (Exception e) when (ShownCertificate.IsRefusal(e))
        {
            Tell("admin.certificate", [new CertificateFinding(e.Message)]);
        }
    }

    /// <summary>Null when it cannot be used. The key is not kept: each worker reads it by itself.</summary>
    private CertificateFile? TryCertificate(string path, string keyPath, bool isForServers, string key)
    {
        if (!_files.Has(path) || (keyPath.Length > 0 && !_files.Has(keyPath)))
            return null;
        CertificateFile? file = null;
        Tell(key, findings => file = CertificateFile.TryRead(path, _files.Of(path).Span, keyPath, _files.Of(keyPath).Span, isForServers, _now,
            findings));
        file?.ClearKey();
        return file;
    }

    /// <summary>An authority of the system may be out of date: there are many, and nobody here has chosen them.</summary>
    private void TryAuthorities(string path, string revocations, string table)
    {
        if (_files.Has(path))
        {
            string shown = path.Length > 0 ? path : "the bundle of the system's authorities";
            Tell($"{table}.ca", findings => AuthorityFile.Read(shown, _files.Of(path).Span, path.Length > 0 ? _now : null, findings));
        }
        if (revocations.Length > 0 && _files.Has(revocations))
            Tell($"{table}.crl", findings => AuthorityFile.ReadRevocations(revocations, _files.Of(revocations).Span, _now, findings));
    }

    /// <summary>Which of two answers would be decided by chance.</summary>
    private void CompareNames(CertificateFile file, IEnumerable<string> names, Dictionary<(string Name, CertificateKeyKind Kind), string> first,
        string key)
    {
        foreach (string name in names.Select(static name => name.ToLowerInvariant()).Distinct())
        {
            if (first.TryAdd((name, file.KeyKind), file.Place) || first[(name, file.KeyKind)] == file.Place)
                continue;
            string problem = $"two certificates with keys of one kind are for {name}: {first[(name, file.KeyKind)]}, and {file.Place}";
            Tell(key, [new CertificateFinding(problem, "the first one answers", IsWarning: true)]);
        }
    }

    private void Tell(string key, Action<List<CertificateFinding>> trial)
    {
        List<CertificateFinding> findings = [];
        trial(findings);
        Tell(key, findings);
    }

    private void Tell(string key, List<CertificateFinding> findings)
    {
        foreach (CertificateFinding finding in findings)
        {
            _findings.Add(_result.Finding(key, ErrorExcerpt.Printable(finding.Problem), hint: ErrorExcerpt.Printable(finding.Hint),
                isWarning: finding.IsWarning));
        }
    }
}
