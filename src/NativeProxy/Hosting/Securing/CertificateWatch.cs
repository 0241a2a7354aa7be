using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using NativeProxy.Admin;
using NativeProxy.Certificates;
using NativeProxy.Config;
using NativeProxy.Logging;

namespace NativeProxy.Hosting.Securing;

/// <summary>
/// Watches the certificates in use: says in the error log when one expires soon, and when its file holds something else than what is served, each
/// once for each certificate and day, and has them ready for /metrics. Reads files, but never takes anything over: that is what a reload is for.
/// Owner: the supervisor, or the one process; its timer calls from a thread of the pool.
/// </summary>
internal sealed class CertificateWatch : IDisposable
{
    /// <summary>Let's Encrypt and others renew 30 days before.</summary>
    private static readonly TimeSpan WarnsBefore = TimeSpan.FromDays(21);

    private static readonly TimeSpan LooksEvery = TimeSpan.FromMinutes(10);

    private readonly Lock _guard = new();
    private readonly ServiceState _service;
    private readonly ErrorLog _log;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Dictionary<string, DateTime> _toldOn = new(StringComparer.Ordinal);
    private List<Watched> _watched = [];

    /// <summary>What each file of TLS was when it was read, by its path.</summary>
    private Dictionary<string, string> _prints = new(StringComparer.Ordinal);

    public CertificateWatch(ServiceState service, ErrorLog log, TimeProvider time)
    {
        (_service, _log, _time) = (service, log, time);
        _timer = time.CreateTimer(_ => Look(), null, LooksEvery, LooksEvery);
    }

    /// <summary>Other certificates are in use from now on.</summary>
    /// <param name="settings">The settings in force.</param>
    /// <param name="files">The files as they were read for them.</param>
    /// <returns>The files that were there before and hold something else now: what the text of the settings does not show.</returns>
    public IReadOnlyList<string> Follow(in ProxySettings settings, TlsFiles files)
    {
        var prints = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (TlsFileUse use in TlsFileUses.Of(settings))
            prints.TryAdd(use.Path, files.Fingerprint(use.Path));
        List<string> exchanged = [];
        foreach ((string path, string print) in prints)
        {
            if (_prints.TryGetValue(path, out string? before) && before != print)
                exchanged.Add(path.Length > 0 ? path : "the authorities of the system");
        }
        _prints = prints;
        var watched = new List<Watched>();
        foreach (ListenerSettings listener in settings.Listeners)
        {
            if (!listener.Tls.Enabled)
                continue;
            foreach (ListenerCertificateSettings one in listener.Tls.Certificates)
                Add(watched, files, $"listener=\"{listener.Name}\"", one.File, one.Key, isForServers: true);
        }
        foreach (UpstreamSettings upstream in settings.Upstreams)
        {
            if (upstream.Tls is { Enabled: true, Certificate.Length: > 0 })
                Add(watched, files, $"upstream=\"{upstream.Name}\"", upstream.Tls.Certificate, upstream.Tls.Key, isForServers: false);
        }
        if (settings.Admin.IsSecured)
            Add(watched, files, "endpoint=\"admin\"", settings.Admin.Certificate, settings.Admin.Key, isForServers: true);
        lock (_guard)
            _watched = watched;
        Look();
        return exchanged;
    }

    public void Dispose() => _timer.Dispose();

    private void Add(List<Watched> watched, TlsFiles files, string place, string path, string keyPath, bool isForServers)
    {
        DateTimeOffset now = _time.GetUtcNow();
        CertificateFile? file = CertificateFile.TryRead(path, files.Of(path).Span, keyPath, files.Of(keyPath).Span, isForServers, now, []);
        if (file is null)
            return;
        file.ClearKey();
        string name = file.Names.IsEmpty ? "" : file.Names[0];
        watched.Add(new Watched(new CertificateInUse(place, path, name, file.NotAfter, file.Fingerprint), files.Fingerprint(path)));
    }

    private void Look()
    {
        lock (_guard)
        {
            var shown = new List<CertificateInUse>();
            foreach (Watched one in _watched)
            {
                bool hasChanged = TlsFiles.FingerprintNow(one.Certificate.Path) != one.FilePrint;
                shown.Add(one.Certificate with { FileHasChanged = hasChanged });
                if (hasChanged)
                    Tell(one, "differs from what is served: reload the proxy to take it (SIGHUP)", isChange: true);
                if (one.Certificate.NotAfter - _time.GetUtcNow() < WarnsBefore)
                    Tell(one, ExpiryOf(one.Certificate), isChange: false);
            }
            _service.Certificates = shown;
        }
    }

    private string ExpiryOf(CertificateInUse certificate)
    {
        int days = (int)Math.Floor((certificate.NotAfter - _time.GetUtcNow()).TotalDays);
        string when = certificate.NotAfter.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return certificate.NotAfter <= _time.GetUtcNow() ? $"has expired on {when}" : $"expires in {days} days, on {when}";
    }

    private void Tell(Watched one, string what, bool isChange)
    {
        DateTime today = _time.GetUtcNow().UtcDateTime.Date;
        string key = $"{one.Certificate.Place} {one.Certificate.Path} {isChange}";
        if (_toldOn.TryGetValue(key, out DateTime told) && told == today)
            return;
        _toldOn[key] = today;
        _log.Warn($"TLS: the certificate {one.Certificate.Path} of {one.Certificate.Place.Replace('=', ' ')} ({one.Certificate.Name}) {what}");
    }

    /// <summary>A certificate in use, and what its file was when it was read.</summary>
    private sealed record Watched(CertificateInUse Certificate, string FilePrint);
}
