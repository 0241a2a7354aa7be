using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NativeProxy.Certificates;

/// <summary>Reads files with certificates of authorities, and with the lists of what they have revoked. Pure.</summary>
internal static class AuthorityFile
{
    /// <summary>The certificates, DER; empty when the file cannot be used.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="bytes">All of it.</param>
    /// <param name="now">The time; null = dates are nobody's business here, as with the bundle of the system.</param>
    /// <param name="findings">What is wrong or doubtful.</param>
    public static ImmutableArray<byte[]> Read(string path, ReadOnlySpan<byte> bytes, DateTimeOffset? now, List<CertificateFinding> findings)
    {
        int before = findings.Count;
        List<PlacedCertificate> all = CertificateReader.Read(PemText.Read(path, bytes, findings), findings);
        int inDate = all.Count(one => now is not { } time || one.IsInDate(time, "authority", findings));
        if (all.Count > 0 && inDate == 0)
            findings.Add(new CertificateFinding($"{path}: no authority in it is valid now", "certificates of today"));
        else if (all.Count == 0 && findings.Skip(before).All(static one => one.IsWarning))
            findings.Add(new CertificateFinding($"{path} has no certificate"));
        ImmutableArray<byte[]> certificates = [.. all.DistinctBy(static one => one.Certificate.Thumbprint).Select(static one => one.Block.Der)];
        foreach (PlacedCertificate one in all)
            one.Certificate.Dispose();
        return certificates;
    }

    /// <summary>The revocation lists, DER. With one that is out of date nobody could be verified, so that it is an error.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="bytes">All of it.</param>
    /// <param name="now">The time.</param>
    /// <param name="findings">What is wrong.</param>
    public static ImmutableArray<byte[]> ReadRevocations(string path, ReadOnlySpan<byte> bytes, DateTimeOffset now, List<CertificateFinding> findings)
    {
        int before = findings.Count;
        ImmutableArray<byte[]>.Builder lists = ImmutableArray.CreateBuilder<byte[]>();
        foreach (PemBlock block in PemText.Read(path, bytes, findings).Where(static block => block.Label == "X509 CRL"))
        {
            try
            {
                ReadRevocation(block, now, findings);
                lists.Add(block.Der);
            }
            catch (Exception failure) when (failure is AsnContentException or CryptographicException)
            {
                findings.Add(new CertificateFinding($"{block.Place} is no revocation list, although it says so"));
            }
        }
        if (lists.Count == 0 && findings.Count == before)
            findings.Add(new CertificateFinding($"{path} has no revocation list", "a block \"X509 CRL\""));
        return lists.DrainToImmutable();
    }

    /// <summary>RFC 5280 section 5.1.</summary>
    private static void ReadRevocation(PemBlock block, DateTimeOffset now, List<CertificateFinding> findings)
    {
        AsnReader list = new AsnReader(block.Der, AsnEncodingRules.DER).ReadSequence().ReadSequence();
        if (list.PeekTag() == Asn1Tag.Integer)
            list.ReadInteger();
        list.ReadSequence();
        string issuer = new X500DistinguishedName(list.ReadEncodedValue().Span).Name;
        DateTimeOffset from = ReadTime(list);
        DateTimeOffset? until = list.HasData && IsTime(list.PeekTag()) ? ReadTime(list) : null;
        if (until < now)
        {
            findings.Add(new CertificateFinding(
                $"{block.Place}: the revocation list of {issuer} was valid until {PlacedCertificate.Date(until.Value)}",
                "fetch a newer one: with this one every certificate of the authority would be refused"));
        }
        else if (from > now)
        {
            findings.Add(new CertificateFinding($"{block.Place}: the revocation list of {issuer} is not valid before {PlacedCertificate.Date(from)}",
                "is the clock right?"));
        }
    }

    private static bool IsTime(Asn1Tag tag) => tag == Asn1Tag.UtcTime || tag == Asn1Tag.GeneralizedTime;

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag() == Asn1Tag.UtcTime ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
}
