using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NativeProxy.Tls;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// The contexts of a listener by the names of their certificates: an exact name goes before a wildcard, which stands for one label (RFC 6125 6.4.3).
/// Certificates of several kinds of keys for one name are shown by one context. Immutable; made off the loop.
/// </summary>
internal sealed class ContextsByName
{
    private readonly Dictionary<string, TlsContext> _exact = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TlsContext>.AlternateLookup<ReadOnlySpan<char>> _exactBySpan;

    /// <summary>By what stands behind the star, with its dot.</summary>
    private readonly Dictionary<string, TlsContext> _wild = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TlsContext>.AlternateLookup<ReadOnlySpan<char>> _wildBySpan;

    private ContextsByName()
    {
        _exactBySpan = _exact.GetAlternateLookup<ReadOnlySpan<char>>();
        _wildBySpan = _wild.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>That of the first certificate.</summary>
    public TlsContext First => All[0];

    public List<TlsContext> All { get; } = [];

    /// <summary>The contexts; null, with the problem, when one cannot be.</summary>
    public static ContextsByName? TryMake(TlsServerTerms terms, out string problem)
    {
        var made = new ContextsByName();
        var bySet = new Dictionary<string, TlsContext>(StringComparer.Ordinal);
        ImmutableArray<string> firstNames = terms.Certificates[0].Names;
        if (made.TryContextOf(terms, firstNames.IsEmpty ? [0] : WithName(terms, firstNames[0]), bySet, out problem) is null)
            return null;
        foreach (TlsCertificate certificate in terms.Certificates)
        {
            foreach (string name in certificate.Names)
            {
                bool isWild = name.StartsWith("*.", StringComparison.Ordinal);
                if (isWild ? made._wild.ContainsKey(name[1..]) : made._exact.ContainsKey(name))
                    continue;
                if (made.TryContextOf(terms, WithName(terms, name), bySet, out problem) is not { } context)
                    return null;
                if (isWild)
                    made._wild.Add(name[1..], context);
                else
                    made._exact.Add(name, context);
            }
        }
        return made;
    }

    /// <summary>The context for a name; null when there is none.</summary>
    /// <param name="name">In lower case, without a dot at its end; null = none was asked for.</param>
    public TlsContext? Of(ReadOnlySpan<char> name)
    {
        if (name.IsEmpty)
            return null;
        if (_exactBySpan.TryGetValue(name, out TlsContext? context))
            return context;
        int dot = name.IndexOf('.');
        return dot > 0 && _wildBySpan.TryGetValue(name[dot..], out context) ? context : null;
    }

    /// <summary>The name in lower case, as a string: of one that is known, always the same.</summary>
    /// <param name="name">ASCII, at most <see cref="ClientHelloReader.NameBytesMax"/>.</param>
    public string NameOf(ReadOnlySpan<byte> name)
    {
        Span<char> text = stackalloc char[ClientHelloReader.NameBytesMax];
        Ascii.ToLower(name, text, out int count);
        return _exactBySpan.TryGetValue(text[..count], out string? known, out _) ? known : text[..count].ToString();
    }

    /// <summary>The certificates that are shown for a name: the first of each kind of key, the most modern kind first.</summary>
    private static List<int> WithName(TlsServerTerms terms, string name)
    {
        var found = new List<int>();
        for (int i = 0; i < terms.Certificates.Length; i++)
        {
            TlsCertificate one = terms.Certificates[i];
            if (one.Names.Contains(name) && !found.Exists(other => terms.Certificates[other].KeyKind == one.KeyKind))
                found.Add(i);
        }
        return found;
    }

    private TlsContext? TryContextOf(TlsServerTerms terms, List<int> certificates, Dictionary<string, TlsContext> bySet, out string problem)
    {
        problem = "";
        string set = string.Join(' ', certificates);
        if (bySet.TryGetValue(set, out TlsContext? known))
            return known;
        TlsContext? context = TlsContext.TryMake(isServer: true, terms.Terms, out problem);
        if (context is null)
            return null;
        using var identity = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (int index in certificates)
        {
            TlsCertificate certificate = terms.Certificates[index];
            if (!context.TryUse(certificate, out string reason))
            {
                problem = string.Create(CultureInfo.InvariantCulture, $"certificate {index + 1} cannot be used: {reason}");
                return null;
            }
            identity.AppendData(SHA256.HashData(certificate.Leaf.Span));
        }
        identity.AppendData(Encoding.UTF8.GetBytes($"{terms.ClientCertificate} {terms.ClientsText}"));
        context.NameSessions(identity.GetHashAndReset());
        bySet.Add(set, context);
        All.Add(context);
        return context;
    }
}
