using System;
using System.Collections.Generic;
using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// What one authority has revoked (RFC 5280 section 5.1). Its signature is not looked at here: the file is the operator's own, and the traffic, which
/// has the same one, does that. Immutable.
/// </summary>
internal sealed class RevocationList
{
    private readonly byte[] _issuer;
    private readonly DateTimeOffset _nextUpdate = DateTimeOffset.MaxValue;
    private readonly HashSet<string> _serials = new(StringComparer.Ordinal);

    private RevocationList(AsnReader list)
    {
        if (list.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
            list.ReadInteger();
        list.ReadSequence();
        _issuer = list.ReadEncodedValue().ToArray();
        ReadTime(list);
        if (list.HasData && IsTime(list.PeekTag()))
            _nextUpdate = ReadTime(list);
        if (!list.HasData || !list.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
            return;
        for (AsnReader entries = list.ReadSequence(); entries.HasData;)
            _serials.Add(TextOf(entries.ReadSequence().ReadIntegerBytes().Span));
    }

    /// <summary>Reads one; throws <see cref="AsnContentException"/> when it is none.</summary>
    public static RevocationList Read(ReadOnlyMemory<byte> der) => new(new AsnReader(der, AsnEncodingRules.DER).ReadSequence().ReadSequence());

    /// <summary>Whether it is of the authority that has signed a certificate.</summary>
    public bool IsFor(X509Certificate2 certificate) => certificate.IssuerName.RawData.AsSpan().SequenceEqual(_issuer);

    /// <summary>Whether a newer one should be there.</summary>
    public bool IsOld(DateTimeOffset now) => _nextUpdate < now;

    /// <summary>Whether a certificate of its authority stands on it.</summary>
    public bool Has(X509Certificate2 certificate) => _serials.Contains(TextOf(certificate.SerialNumberBytes.Span));

    private static bool IsTime(Asn1Tag tag) => tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime);

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    private static string TextOf(ReadOnlySpan<byte> serial) => Convert.ToHexString(serial.TrimStart((byte)0));
}
