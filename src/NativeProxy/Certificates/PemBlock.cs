namespace NativeProxy.Certificates;

/// <summary>One block of a PEM file.</summary>
/// <param name="Path">Of the file.</param>
/// <param name="Label">What stands behind BEGIN.</param>
/// <param name="Number">1-based, among all blocks of the file.</param>
/// <param name="Line">1-based line of its BEGIN.</param>
/// <param name="Der">What it holds. Of a private key: whoever is done with it zeroes it.</param>
internal sealed record PemBlock(string Path, string Label, int Number, int Line, byte[] Der)
{
    /// <summary>A certificate, by its usual name or an old one.</summary>
    public bool IsCertificate => Label is "CERTIFICATE" or "X509 CERTIFICATE";

    /// <summary>A private key that needs no password.</summary>
    public bool IsKey => Label is "PRIVATE KEY" or "RSA PRIVATE KEY" or "EC PRIVATE KEY";

    /// <summary>For messages: "web.pem:12: block 2".</summary>
    public string Place => $"{Path}:{Line}: block {Number}";
}
