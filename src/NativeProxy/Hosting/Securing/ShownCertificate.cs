using System;
using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NativeProxy.Certificates;
using NativeProxy.Config;

namespace NativeProxy.Hosting.Securing;

/// <summary>A certificate with its chain and its key as the TLS of the control plane shows it, which is that of .NET. Immutable.</summary>
/// <param name="Shown">For a handshake.</param>
/// <param name="Names">Names and addresses that it is for, in lower case.</param>
internal sealed record ShownCertificate(SslStreamCertificateContext Shown, ImmutableArray<string> Names)
{
    /// <summary>Made of files that were read before. Throws what <see cref="IsRefusal"/> knows where it cannot be.</summary>
    /// <param name="path">Of the certificate.</param>
    /// <param name="keyPath">Of the key; empty when it is in the first one.</param>
    /// <param name="files">Has both.</param>
    /// <param name="isForServers">It is shown to clients; else to servers.</param>
    public static ShownCertificate Read(string path, string keyPath, TlsFiles files, bool isForServers)
    {
        CertificateFile file = CertificateFile.TryRead(
            path, files.Of(path).Span, keyPath, files.Of(keyPath).Span, isForServers, DateTimeOffset.UtcNow, [])
            ?? throw new CryptographicException($"{path} cannot be used");
        var chain = new X509Certificate2Collection();
        foreach (byte[] der in file.Chain)
            chain.Add(X509CertificateLoader.LoadCertificate(der));
        X509Certificate2 own = file.WithKey();
        file.ClearKey();
        return new ShownCertificate(SslStreamCertificateContext.Create(own, chain, offline: true), file.Names);
    }

    /// <summary>Whether an exception says that files cannot be used.</summary>
    public static bool IsRefusal(Exception e) => e is CryptographicException or AsnContentException or ArgumentException or FormatException;
}
