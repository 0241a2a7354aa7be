using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Packaging;

/// <summary>
/// The package as dpkg installs, upgrades and removes it: into a directory that is the root of its scripts, so that the machine itself keeps its
/// users and services. The few programs that the scripts call are copied there.
/// </summary>
[Collection(PackagingCollection.Name)]
public sealed class InstallationTests(BuiltPackage package)
{
    private const string MakeRoot = """
        set -e
        cd "$1"
        mkdir -p usr/bin usr/sbin usr/lib usr/lib64 etc/default tmp dev var/log var/lib/dpkg/info var/lib/dpkg/updates var/lib/dpkg/triggers
        for folder in bin sbin lib lib64; do ln -s usr/$folder $folder; done
        touch var/lib/dpkg/status etc/group etc/shadow etc/gshadow dev/null
        echo root:x:0: > etc/group
        echo root:x:0:0:root:/:/bin/sh > etc/passwd
        if [ -e /etc/login.defs ]; then cp /etc/login.defs etc; fi
        for program in sh getent groupadd useradd mkdir chown rm; do
            path=$(command -v $program)
            cp -L --parents "$path" .
            ldd "$path" | grep -o '/[^ ]*' | while read -r library; do cp -Lu --parents "$library" .; done
        done
        """;

    /// <summary>Nothing else is installed in that directory, so that nothing of what it depends on is.</summary>
    private const string Dpkg = "dpkg --root=\"$1\" --log=/dev/null --force-depends ";

    [DebianFact(installs: true)]
    public async Task Package_IsInstalled_Upgraded_Removed_AndPurged()
    {
        string root = Directory.CreateTempSubdirectory("nativeproxy-root-").FullName;
        try
        {
            await BuiltPackage.Run(MakeRoot, root);
            string[] before = Seen(root);
            string binary = Path.Combine(root, "usr/sbin/nativeproxy");
            string configuration = Path.Combine(root, "etc/nativeproxy/nativeproxy.toml");
            await BuiltPackage.Run(Dpkg + "-i \"$2\"", root, package.Debian);
            string status = await BuiltPackage.Run("dpkg-query --admindir=\"$1/var/lib/dpkg\" -Wf '${Status}' nativeproxy", root);
            Assert.Equal("install ok installed", status);
            Assert.Equal("", await BuiltPackage.Run(Dpkg + "--verify nativeproxy", root));
            string user = Assert.Single(await File.ReadAllLinesAsync(Path.Combine(root, "etc/passwd")), IsOurUser);
            Assert.EndsWith(":NativeProxy:/var/lib/nativeproxy:/usr/sbin/nologin", user, StringComparison.Ordinal);
            string owner = $"{user.Split(':')[2]}:{user.Split(':')[3]} 750";
            string[] made = ["var/lib/nativeproxy", "var/log/nativeproxy"];
            foreach (string directory in made)
                Assert.Equal(owner, (await BuiltPackage.Run("stat -c '%u:%g %a' \"$1/$2\"", root, directory)).Trim());
            await BuiltPackage.Run("\"$1\" check -c \"$2\"", binary, configuration);

            await File.AppendAllTextAsync(configuration, "# changed\n");
            await BuiltPackage.Run(Dpkg + "-i \"$2\"", root, package.Debian);
            Assert.EndsWith("# changed\n", await File.ReadAllTextAsync(configuration), StringComparison.Ordinal);
            Assert.Single(await File.ReadAllLinesAsync(Path.Combine(root, "etc/passwd")), IsOurUser);

            await BuiltPackage.Run(Dpkg + "-r nativeproxy", root);
            Assert.False(File.Exists(binary));
            Assert.True(File.Exists(configuration));
            Assert.All(made, path => Assert.True(Directory.Exists(Path.Combine(root, path))));

            await BuiltPackage.Run(Dpkg + "-P nativeproxy", root);
            Assert.Equal(before, Seen(root));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static bool IsOurUser(string line) => line.StartsWith("nativeproxy:x:", StringComparison.Ordinal);

    /// <summary>All that is there but dpkg's own list, and the files of users, whose ours stays.</summary>
    private static string[] Seen(string root) =>
    [
        .. Directory.GetFileSystemEntries(root, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(root, path))
            .Where(static path => !path.StartsWith("var/lib/dpkg", StringComparison.Ordinal))
            .Where(static path => !(Path.GetDirectoryName(path) == "etc" && (path.EndsWith('-') || path.EndsWith(".lock", StringComparison.Ordinal)
                || path.StartsWith("etc/sub", StringComparison.Ordinal)))).Order(StringComparer.Ordinal),
    ];
}
