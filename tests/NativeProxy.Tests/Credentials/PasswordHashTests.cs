using System.Text;
using NativeProxy.Credentials;
using Xunit;

namespace NativeProxy.Tests.Credentials;

/// <summary>Hashes that crypt(3), OpenSSL and htpasswd have made.</summary>
public class PasswordHashTests
{
    private const string Accents = "éééééééééééééééééééé" + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

    [Theory]
    [InlineData("$5$saltsalt$i1q2ZQzc.tl/BQ6CHiENAcVDvEY6nJ1OWlWXKh94b1.", "s3cret")]
    [InlineData("$5$saltsalt$09agN5RZ2meWdEdnEusqsq5G7RwwghB8jCKoWWADxW/", "")]
    [InlineData("$5$saltsalt$YBE7srujwKk5tX0OIHV4coL150YXzbn9zOpo0GbKNg/", Accents)]
    [InlineData("$5$rounds=1000$roundstoolow$5etR6IG1jAnObDRQ0rt0r7eXuoTpPQgTNr8wljcdZ4A", "s3cret")]
    [InlineData("$5$abc$OygedOXiPHZefZmgP5jdcS3nNbIRHwjkFqKi4wEyCXA", "a very much longer text to encrypt than sixteen")]
    [InlineData("$6$saltstring$xwVXmdoFwkuFfkvrCnFqepsb1G.0z7.VoLCq69.god.O.zXvYSQsLM/oDMuI05ufmibO/tzUYEh4IPt9kZAc0.", "s3cret")]
    [InlineData("$6$saltstring$kyGrqt6gmjAdtFLPrflEFifSYLCWWq1pyx95SvqinLDy2UHmj0sTF0MSLMwxPFZc3tu5kQckI8fks0zOPda3n1", "")]
    [InlineData("$6$saltstring$oqPVZQhOLXzca2Xtkd/yswJ8KkhSANuhiYIF.D3UO/gzjY29bis/QIWk6D8NHANYrhBSDjQNWHo462.8XFwGd0", Accents)]
    [InlineData("$6$rounds=1400$anotherlongsalts$OEcKVRU3vEkO8t/H2yQleyhccLshOlMVXbF.uzyGOgdT2AW7HNkUAPggfqi4JdmxUW.FLhyPZ929e94kMO3SF0",
        "s3cret")]
    [InlineData("$6$0123456789abcdef$o0o89Y2wWeK0Xt6yEx6LY5AtURcX76jSwP2rtwYFEqb33dQ86d62.8UB2iuSV4Uxq1gatmyml4Fvf5HfMepWb/",
        "a very much longer text to encrypt than sixteen")]
    [InlineData("$2y$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK", "s3cret")]
    [InlineData("$2y$05$abcdefghijklmnopqrstuu0oImNDIy4flhldV9YqunRgBAePKmw7m", "")]
    [InlineData("$2y$05$abcdefghijklmnopqrstuuk1EqLffKp4vlXPAMDWFiVFbJpwltWAW", Accents)]
    [InlineData("$2b$04$abcdefghijklmnopqrstuuLZYjhNQAOdpbzt4WxWlUHjv1wsyH5DG", "s3cret")]
    [InlineData("$1$saltsalt$RwMqRjSWhXMKbW72DwzGd1", "s3cret")]
    [InlineData("$1$saltsalt$5Jhcit4zN9UlGiA0txPkO0", "")]
    [InlineData("$1$saltsalt$tw45P7ApYfEEFUjfzF3Bx1", Accents)]
    [InlineData("$apr1$8sFt66rZ$5f4dG6uJPUDcCdyvCGEji1", "s3cret")]
    [InlineData("$apr1$8sFt66rZ$eFdXS995EuCht.Bwu8HvF0", "a very much longer text to encrypt than sixteen")]
    public void Hash_IsThatOfItsPassword_AndOfNoOther(string hash, string password)
    {
        Assert.True(PasswordHash.Matches(hash, Encoding.UTF8.GetBytes(password)));
        Assert.False(PasswordHash.Matches(hash, Encoding.UTF8.GetBytes("x" + password)));
        Assert.False(PasswordHash.Matches(hash, [0xC3]));
    }
}
