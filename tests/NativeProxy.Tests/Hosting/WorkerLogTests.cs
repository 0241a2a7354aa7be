using System;
using System.IO;
using System.Net.Sockets;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Hosting.Workers;
using NativeProxy.Logging;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>Two logs with one place: what they share, and what they do not.</summary>
[Trait("promise", "B17")]
public sealed class WorkerLogTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"np-{Guid.NewGuid():N}");
    private readonly byte[] _room = new byte[4096];

    public void Dispose() => File.Delete(_path);

    /// <summary>The journal is told which log a line is of.</summary>
    [Fact]
    public void JournalOfBothLogs_IsToldWhichOfThemALineIsOf()
    {
        using var journal = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
        journal.Bind(new UnixDomainSocketEndPoint(_path));
        LogDestinations both = Open("journal:" + _path);

        Assert.Null(both.Access!.Write("one\n"u8));
        Assert.Null(both.Connections!.Write("two\n"u8));

        Assert.EndsWith("\nNATIVEPROXY_LOG=access\nMESSAGE=one\n", Receive(journal), StringComparison.Ordinal);
        Assert.EndsWith("\nNATIVEPROXY_LOG=connection\nMESSAGE=two\n", Receive(journal), StringComparison.Ordinal);
        both.Access.Dispose();
        both.Connections.Dispose();
    }

    /// <summary>Else lines of one batch would not stay together.</summary>
    [Fact]
    public void FileOfBothLogs_IsOpenedOnce()
    {
        LogDestinations both = Open(_path);

        Assert.NotNull(both.Access);
        Assert.Same(both.Access, both.Connections);
        both.Access.Dispose();
    }

    /// <summary>Names are then looked up elsewhere; a place without one is nothing that this would change.</summary>
    [Theory]
    [InlineData("off", false)]
    [InlineData("syslog:udp:127.0.0.1:9", false)]
    [InlineData("syslog:udp:logs.invalid:9", true)]
    public void OtherResolver_OpensPlacesWithANameAnew(string place, bool isOpened)
    {
        using var log = new WorkerLog(Settings(place), new ErrorLog(Stream.Null, TimeProvider.System));
        Assert.Null(log.Prepare(Settings(place)));
        LogDestinations? others = log.Prepare(Settings(place, "[resolver]\nattempts = 2\n"));
        Assert.Equal(isOpened, others is not null);
        others?.Access!.Dispose();
        others?.Connections!.Dispose();
    }

    private static LogDestinations Open(string place)
    {
        using var log = new WorkerLog(Settings("off"), new ErrorLog(Stream.Null, TimeProvider.System));
        return log.Prepare(Settings(place))!;
    }

    private static ProxySettings Settings(string place, string more = "") =>
        SettingsTrial.Parse($"[log]\naccess = \"{place}\"\nconnections = \"{place}\"\n{more}" + SettingsTrial.Minimal).Settings;

    private string Receive(Socket reader) => Encoding.UTF8.GetString(_room, 0, reader.Receive(_room));
}
