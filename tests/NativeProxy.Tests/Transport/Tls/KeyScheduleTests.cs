using System;
using System.Security.Cryptography;
using NativeProxy.Transport.Tls;
using Xunit;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>Keys of TLS 1.3, against the vectors of the RFC and against another implementation.</summary>
public sealed class KeyScheduleTests
{
    /// <summary>RFC 8448 3, "Simple 1-RTT Handshake": application traffic of both sides.</summary>
    [Theory]
    [InlineData("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643", "9f02283b6c9c07efc26bb9f2ac92e356", "cf782b88dd83549aadf1e984")]
    [InlineData("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5", "17422dda596ed5d9acd890e3c63f5051", "5b78923dee08579033e523d9")]
    public void SecretsOfTheRfc_GiveItsKeysAndVectors(string secret, string key, string vector)
    {
        RecordSuite suite = Suite(RawClient.Aes128);

        byte[] madeKey = new byte[16];
        byte[] madeVector = new byte[12];
        KeySchedule.MakeKey(suite, Convert.FromHexString(secret), madeKey, madeVector);

        Assert.Equal((key, vector), (Convert.ToHexStringLower(madeKey), Convert.ToHexStringLower(madeVector)));
    }

    [Theory]
    [InlineData(RawClient.Aes128, "SHA256")]
    [InlineData(RawClient.Aes256, "SHA384")]
    [InlineData(RawClient.Chacha, "SHA256")]
    public void KeysOfEverySuite_AreThoseOfAnotherImplementation(string name, string hash)
    {
        RecordSuite suite = Suite(name);
        for (int round = 0; round < 50; round++)
        {
            byte[] secret = RandomNumberGenerator.GetBytes(suite.HashBytes);
            var algorithm = new HashAlgorithmName(hash);
            byte[] key = new byte[suite.KeyBytes];
            byte[] vector = new byte[12];
            byte[] next = new byte[suite.HashBytes];
            KeySchedule.MakeNext(suite, secret, next);
            KeySchedule.MakeKey(suite, secret, key, vector);

            Assert.Equal(RawKey.Expand(algorithm, secret, "key", key.Length), key);
            Assert.Equal(RawKey.Expand(algorithm, secret, "iv", vector.Length), vector);
            Assert.Equal(RawKey.Expand(algorithm, secret, "traffic upd", next.Length), next);
        }
    }

    [Theory]
    [InlineData(RawClient.Ccm)]
    [InlineData("ECDHE-RSA-AES128-GCM-SHA256")]
    [InlineData("")]
    [InlineData(null)]
    public void SuiteThatIsNotKnown_IsLeftToOpenSsl(string? name)
    {
        Suite(RawClient.Aes128);

        Assert.Null(RecordSuite.Of(name));
    }

    private static RecordSuite Suite(string name)
    {
        Assert.True(OpenSslLibrary.TryLoad(out string problem), problem);
        return RecordSuite.Of(name)!;
    }
}
