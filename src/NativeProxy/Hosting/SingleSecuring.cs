using System;
using System.Collections.Generic;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Hosting.Securing;
using NativeProxy.Hosting.Workers;
using NativeProxy.Logging;

namespace NativeProxy.Hosting;

/// <summary>TLS where one process does all: makes policies of the files, which are zeroed then, and has the keys of session tickets.</summary>
internal sealed class SingleSecuring : IDisposable
{
    private readonly Worker _worker;
    private readonly TicketKeeper _tickets;
    private readonly CertificateWatch _certificates;
    private TlsPolicies _inForce = TlsPolicies.None;

    /// <param name="worker">Whose connections are secured.</param>
    /// <param name="service">Is told of the certificates in use.</param>
    /// <param name="log">Is warned before they expire.</param>
    /// <param name="inherited">The keys of session tickets of the process before this one.</param>
    public SingleSecuring(Worker worker, ServiceState service, ErrorLog log, TicketRings inherited)
    {
        _worker = worker;
        _certificates = new CertificateWatch(service, log, TimeProvider.System);
        _tickets = new TicketKeeper(() => _worker.Take(_tickets!.Rings), inherited);
    }

    /// <summary>Files that hold something else since the last <see cref="Follow"/>.</summary>
    public IReadOnlyList<string> Exchanged { get; private set; } = [];

    /// <summary>The keys of session tickets in force.</summary>
    public TicketRings Tickets => _tickets.Rings;

    /// <summary>The policies for settings whose files were tried before.</summary>
    public TlsPolicies Follow(in ProxySettings settings, TlsFiles files)
    {
        TlsPolicies made = TlsPolicies.TryMake(settings, files, _inForce, [])
            ?? throw new InvalidOperationException("what the trial has made cannot be made again");
        _worker.Take(_tickets.Follow(settings, files));
        Exchanged = _certificates.Follow(settings, files);
        files.Clear();
        return _inForce = made;
    }

    public void Dispose()
    {
        _tickets.Dispose();
        _certificates.Dispose();
    }
}
