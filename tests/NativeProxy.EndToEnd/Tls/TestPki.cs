using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NativeProxy.Tests.Certificates;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>
/// Certificates of all tests, made once, as PEM files in a directory of their own. Each file has certificate and key. An authority, what it has
/// signed, and one whom nobody believes.
/// </summary>
internal static class TestPki
{
    private const string ForClients = "1.3.6.1.5.5.7.3.2";

    private static readonly string Folder = NewFolder();
    private static readonly TestAuthority Root = TestAuthority.Root("Test Root");
    private static readonly TestAuthority Other = TestAuthority.Root("Other Root");

    /// <summary>The authority that everybody believes.</summary>
    public static string Authority { get; } = Written("ca", Root.Pem);

    /// <summary>The one that nobody believes but who is told to.</summary>
    public static string OtherAuthority { get; } = Written("other-ca", Other.Pem);

    /// <summary>For a.test, with a key for ECDSA.</summary>
    public static string A { get; } = Signed("a", ["a.test"]);

    /// <summary>For a.test, with a key for RSA.</summary>
    public static string RsaA { get; } = Signed("rsa-a", ["a.test"], key: RSA.Create(2048));

    /// <summary>Another one for a.test.</summary>
    public static string NewA { get; } = Signed("new-a", ["a.test"]);

    /// <summary>For b.test.</summary>
    public static string B { get; } = Signed("b", ["b.test"]);

    /// <summary>For servers at 127.0.0.1.</summary>
    public static string Local { get; } = Signed("local", ["127.0.0.1", "local.test"]);

    /// <summary>The same of an authority that nobody believes.</summary>
    public static string LocalOfOther { get; } = Signed("local-other", ["127.0.0.1"], by: Other);

    /// <summary>The same, which was valid until yesterday.</summary>
    public static string LocalExpired { get; } = Signed("local-expired", ["127.0.0.1"], days: -1);

    /// <summary>The same, which is in <see cref="Revocations"/>.</summary>
    public static string LocalRevoked { get; } = Signed("local-revoked", ["127.0.0.1"]);

    /// <summary>Of a client.</summary>
    public static string Client { get; } = Signed("client", [], use: ForClients, subject: "CN=Alice,O=Test");

    /// <summary>Of a client, by an authority that nobody believes.</summary>
    public static string ClientOfOther { get; } = Signed("client-other", [], use: ForClients, by: Other);

    /// <summary>Of a client, valid until yesterday.</summary>
    public static string ClientExpired { get; } = Signed("client-expired", [], use: ForClients, days: -1);

    /// <summary>Of a client, and in <see cref="Revocations"/>.</summary>
    public static string ClientRevoked { get; } = Signed("client-revoked", [], use: ForClients);

    /// <summary>What the authority has revoked.</summary>
    public static string Revocations { get; } = Written(
        "crl", Root.Revocations(TestAuthority.Now.AddDays(3), File.ReadAllText(ClientRevoked), File.ReadAllText(LocalRevoked)));

    /// <summary>A list of nobody.</summary>
    public static string EmptyRevocations { get; } = Written("empty-crl", Root.Revocations(TestAuthority.Now.AddDays(3)));

    /// <summary>A list of yesterday.</summary>
    public static string OldRevocations { get; } = Written("old-crl", Root.Revocations(TestAuthority.Now.AddDays(-1)));

    /// <summary>DER of the certificate in a file.</summary>
    public static byte[] Der(string path)
    {
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(path));
        return certificate.RawData;
    }

    /// <summary>The lines of base64 of the private key in a file.</summary>
    public static string[] KeyLines(string path)
    {
        string[] lines = File.ReadAllLines(path);
        int start = Array.FindIndex(lines, static line => line.Contains("BEGIN PRIVATE KEY", StringComparison.Ordinal));
        return [.. lines.Skip(start + 1).TakeWhile(static line => !line.StartsWith('-'))];
    }

    /// <summary>A copy that a test may change.</summary>
    public static string Copy(string path)
    {
        string copy = Path.Combine(Folder, Path.GetRandomFileName() + ".pem");
        File.Copy(path, copy);
        return copy;
    }

    private static string Signed(string name, string[] names, TestAuthority? by = null, int days = 30, AsymmetricAlgorithm? key = null,
        string use = "1.3.6.1.5.5.7.3.1", string subject = "CN=Leaf")
    {
        (string certificate, string keyText) = (by ?? Root).Leaf(names, days, key, use, subject);
        return Written(name, certificate + keyText);
    }

    private static string Written(string name, string text)
    {
        string path = Path.Combine(Folder, name + ".pem");
        File.WriteAllText(path, text);
        return path;
    }

    private static string NewFolder()
    {
        string folder = Directory.CreateTempSubdirectory("nativeproxy-pki-").FullName;

        // Some tests run the proxy as another user.
        if (OperatingSystem.IsLinux())
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }
}
