using System.Collections.Generic;
using System.IO;
using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>The route stands in line 10 of the file, its table `basic_auth` in line 12.</summary>
public class BasicAuthRulesTests
{
    private const string Sha = "$5$saltsalt$i1q2ZQzc.tl/BQ6CHiENAcVDvEY6nJ1OWlWXKh94b1.";

    [Theory]
    [InlineData("users = { bob = \"" + Sha + "\" }\nrealm = \"admin area\"\nuser_header = \"X-User\"\nforward = true")]
    [InlineData("users_file = \"/nowhere/users\"")]
    [InlineData("users = { a = \"$2y$10$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\", b = \"$apr1$8sFt66rZ$5f4dG6uJPUDcCdyvCGEji1\" }")]
    public void ProperTables_AreAccepted(string lines)
    {
        SettingsResult result = SettingsTrial.Parse(WithAuth(lines));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("realm = \"x\"", "12: there is no user, so that nobody could ask")]
    [InlineData("users = { bob = \"secret\" }", "13: the hash of \"bob\" is no hash that is known here; a password itself is never written down")]
    [InlineData("users = { bob = \"{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\" }",
        "13: the hash of \"bob\" is SHA-1 without a salt, which is guessed in no time")]
    [InlineData("users = { bob = \"$5$salt$short\" }", "13: the hash of \"bob\" is cut, or has something that does not belong there")]
    [InlineData("users = { bob = \"$2y$20$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\" }",
        "13: the hash of \"bob\" costs 20: 4 to 15 is possible, 10 is usual")]
    [InlineData("users = { bob = \"$5$rounds=99999999$s$i1q2ZQzc.tl/BQ6CHiENAcVDvEY6nJ1OWlWXKh94b1.\" }",
        "13: the hash of \"bob\" has more than 1000000 rounds, which take too long")]
    [InlineData("users = { bob = \"$5$rounds=x$s$i1q2ZQzc.tl/BQ6CHiENAcVDvEY6nJ1OWlWXKh94b1.\" }", "13: the hash of \"bob\" has no number of rounds")]
    [InlineData("users = { bob = \"$5$saltsalt$i1q2ZQzc.tl/BQ6CHiENAcVDvEY6nJ1OWlWXKh94b1!\" }",
        "13: the hash of \"bob\" has letters that do not belong there")]
    [InlineData("users = { \"b:b\" = \"" + Sha + "\" }", "13: \"b:b\" cannot be the name of a user")]
    [InlineData("users = { a = \"" + Sha + "\" }\nrealm = \"a\\\"b\"", "14: \"a\"b\" cannot be a realm")]
    [InlineData("users = { a = \"" + Sha + "\" }\nuser_header = \"a b\"", "14: \"a b\" is no name of a header field")]
    [InlineData("users = { a = \"" + Sha + "\" }\nuser_header = \"Authorization\"", "14: \"Authorization\" says something else to servers")]
    [InlineData("users = { a = \"" + Sha + "\" }\nuser_header = \"x-user\"\n[route.request_headers]\nset = { X-User = \"root\" }",
        "14: \"x-user\" is written by request_headers, too")]
    public void Mistakes_AreReportedAtTheirPlace(string lines, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(WithAuth(lines)));

    [Fact]
    public void LinesOfAUsersFile_AreJudgedOneByOne()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, $"# admins\r\n\r\nbob:{Sha}\r\nann:{Sha}:remark\nno colon\nbob:{Sha}\nx:y\n:{Sha}\n");
            List<string> problems = [];
            List<NamedText> users = UsersFile.Read(path, problems);
            Assert.Equal([("bob", Sha), ("ann", Sha)], users.Select(static user => (user.Name, user.Text)));
            Assert.Equal(
                [
                    $"{path}:5: there is no colon between a name and a hash",
                    $"{path}:6: the user \"bob\" is there twice",
                    $"{path}:7: the hash of \"x\" is no hash that is known here; a password itself is never written down",
                    $"{path}:8: the name of a user is empty or too long",
                ],
                problems);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void UsersFileThatIsNotThere_IsAProblem()
    {
        List<string> problems = [];
        Assert.Empty(UsersFile.Read("/nowhere/users", problems));
        Assert.StartsWith("/nowhere/users cannot be read: ", Assert.Single(problems), System.StringComparison.Ordinal);
    }

    private static string WithAuth(string lines) => SettingsTrial.Minimal + "[[route]]\nupstream = \"app\"\n[route.basic_auth]\n" + lines + "\n";
}
