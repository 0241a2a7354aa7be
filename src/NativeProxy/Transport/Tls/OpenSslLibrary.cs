using System;
using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// OpenSSL of the system, found when the first setting asks for TLS: a proxy without TLS needs none. Its functions are declared by subject in <see
/// cref="SslCalls"/>, <see cref="ContextCalls"/>, <see cref="CertificateCalls"/>, <see cref="TicketCalls"/>, <see cref="CipherCalls"/> and <see
/// cref="BioCalls"/>, and must not be called before <see cref="TryLoad"/> was true. Any thread.
/// </summary>
internal static class OpenSslLibrary
{
    /// <summary>Names under which the calls are declared.</summary>
    public const string Ssl = "libssl";

    /// <summary>As <see cref="Ssl"/>.</summary>
    public const string Crypto = "libcrypto";

    /// <summary>Newest first; those before 3.0 lack the callback for tickets.</summary>
    private static readonly string[] Versions = ["4", "3"];

    /// <summary>Loads it once, whoever asks first; what is wrong, or nothing.</summary>
    private static readonly Lazy<string> Loaded = new(Load);
    private static nint _ssl;
    private static nint _crypto;

    /// <summary>Finds the library, once.</summary>
    /// <param name="problem">Why TLS is not possible on this machine; a line for a person.</param>
    public static bool TryLoad(out string problem)
    {
        problem = Loaded.Value;
        return problem.Length == 0;
    }

    private static string Load()
    {
        foreach (string version in Versions)
        {
            if (NativeLibrary.TryLoad($"libssl.so.{version}", out nint ssl) && NativeLibrary.TryLoad($"libcrypto.so.{version}", out nint crypto))
            {
                (_ssl, _crypto) = (ssl, crypto);
                NativeLibrary.SetDllImportResolver(typeof(OpenSslLibrary).Assembly, static (name, _, _) => Resolve(name));
                return "";
            }
        }
        return "TLS needs OpenSSL 3 on this machine, and libssl.so.3 was not found: install the package libssl3 (Debian, Ubuntu), openssl-libs "
            + "(Fedora, RHEL) or libopenssl3 (SUSE)";
    }

    /// <summary>0 leaves a name to the runtime.</summary>
    private static nint Resolve(string name) => name switch
    {
        Ssl => _ssl,
        Crypto => _crypto,
        _ => 0,
    };
}
