using System;
using System.Collections.Generic;
using System.Formats.Asn1;

namespace NativeProxy.Certificates;

/// <summary>Looks whether a file is an OCSP response that can be stapled (RFC 6960 section 4.2.1). Pure.</summary>
internal static class OcspFile
{
    /// <param name="path">Of the file.</param>
    /// <param name="bytes">All of it.</param>
    /// <param name="findings">What is wrong.</param>
    public static void Check(string path, ReadOnlyMemory<byte> bytes, List<CertificateFinding> findings)
    {
        try
        {
            if (new AsnReader(bytes, AsnEncodingRules.DER).ReadSequence().ReadEnumeratedBytes().Span is not [0])
                findings.Add(new CertificateFinding($"{path} is an OCSP response that says nothing but an error"));
        }
        catch (AsnContentException)
        {
            findings.Add(new CertificateFinding($"{path} is no OCSP response", "DER, as `openssl ocsp -respout` writes it"));
        }
    }
}
