using System.Text;

namespace NativeProxy.Transport;

/// <summary>
/// What a handshake has settled, and what is known of its failure: for logs, headers and routes. Owner: a <see cref="ConnectionLayer"/>, which fills
/// it; valid while the connection is there. Thread: its loop.
/// </summary>
internal sealed class LayerFacts
{
    private bool _isSettled;
    private byte[]? _logWords;

    /// <summary>Such as "TLSv1.3"; null before the handshake is done.</summary>
    public string? Version { get; set; }

    /// <summary>Such as "TLS_AES_128_GCM_SHA256" (the names of the IANA); null before.</summary>
    public string? Cipher { get; set; }

    /// <summary>The handshake went on with an earlier session.</summary>
    public bool IsResumed { get; set; }

    /// <summary>The server name that was asked for, in lower case, or null.</summary>
    public string? ServerName { get; set; }

    /// <summary>The application protocol that was agreed on (RFC 7301); null when none was.</summary>
    public string? Protocol { get; set; }

    /// <summary>The certificate that the peer has shown and that was found good, as DER; null when it has shown none.</summary>
    public byte[]? PeerCertificate { get; set; }

    /// <summary>After a failure: what the peer or the library says about it, in a few words of theirs; null else.</summary>
    public string? Detail { get; set; }

    /// <summary>What a line about a failure says: the name that was asked for, if any, and <see cref="Detail"/>. UTF-8.</summary>
    public byte[] FailureWords => Encoding.UTF8.GetBytes(ServerName is null ? Detail ?? "" : $"{ServerName}: {Detail}");

    /// <summary>
    /// What an access log line says: version, cipher, "full" or "resumed", and the name that was asked for, with blanks between; empty before the
    /// handshake is done. Made once for each connection that somebody asks about.
    /// </summary>
    public byte[] LogWords => !_isSettled
        ? []
        : _logWords ??= Encoding.UTF8.GetBytes($"{Version} {Cipher} {(IsResumed ? "resumed" : "full")} {ServerName ?? "-"}");

    /// <summary>The handshake is done.</summary>
    public void Settle() => _isSettled = true;

    /// <summary>Forgets everything: the layer is lent to another connection.</summary>
    public void Clear()
    {
        Version = Cipher = ServerName = Protocol = Detail = null;
        PeerCertificate = null;
        IsResumed = false;
        _isSettled = false;
        _logWords = null;
    }
}
