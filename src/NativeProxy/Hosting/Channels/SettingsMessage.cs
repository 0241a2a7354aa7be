using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Upstreams.Discovery;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting.Channels;

/// <summary>
/// The settings as the supervisor sends them to a worker: the file name, the addresses of the sockets that come with it, those of the servers,
/// and the texts as the supervisor checked them, so that all workers see the same, whenever they start, and none resolves a name.
/// </summary>
/// <param name="Path">The file, for messages only: nobody opens it again.</param>
/// <param name="Binds">Addresses of the listening sockets that go ahead.</param>
/// <param name="Servers">A line of <see cref="ServerEndPoints"/>, for discovered servers too.</param>
/// <param name="StartText">The settings that the supervisor was started with; they rule what a reload does not change
/// (<see cref="FixedSettings"/>).</param>
/// <param name="Text">The settings in force; both as <see cref="SettingsText.Bytes"/> has them.</param>
internal sealed record SettingsMessage(string Path, IReadOnlyList<string> Binds, string Servers, byte[] StartText, byte[] Text)
{
    private const int LineCount = 7;

    /// <summary>A line of <see cref="DiscoveredServers"/>.</summary>
    public string Found { get; init; } = "";

    /// <summary>The keys of session tickets: a line of <c>TicketRings</c>.</summary>
    public string Tickets { get; init; } = "";

    /// <summary>From which level on lines of the worker itself are written, which an operator may have set.</summary>
    public LogLevel LogLevel { get; init; }

    /// <summary>Which round of a reload asks; the answer brings it back (<see cref="AnswerMessage"/>). 0 = no reload.</summary>
    public int Round { get; init; }

    /// <summary>The files that the settings of TLS name, as the supervisor has read them; workers open none.</summary>
    public TlsFiles Files { get; init; } = TlsFiles.None;

    /// <summary>
    /// Seven lines, the lengths of the texts, then both, and the files. Addresses hold no blank. Whoever has sent it zeroes it, for private keys are
    /// in it.
    /// </summary>
    public byte[] Encode()
    {
        byte[] lengths = new byte[2 * sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(lengths, StartText.Length);
        BinaryPrimitives.WriteInt32LittleEndian(lengths.AsSpan(sizeof(int)), Text.Length);
        string lines = string.Create(CultureInfo.InvariantCulture,
            $"{Path}\n{string.Join(' ', Binds)}\n{Servers}\n{Round}\n{Found}\n{Tickets}\n{LogLevels.NameOf(LogLevel)}\n");
        byte[] files = Files.Encode();
        byte[] encoded = [.. Encoding.UTF8.GetBytes(lines), .. lengths, .. StartText, .. Text, .. files];
        CryptographicOperations.ZeroMemory(files);
        return encoded;
    }

    /// <summary>Takes apart what <see cref="Encode"/> has made, and zeroes the files in it.</summary>
    public static SettingsMessage Decode(byte[] payload)
    {
        var lines = new string[LineCount];
        int start = 0;
        for (int i = 0; i < LineCount; i++)
        {
            int end = Array.IndexOf(payload, (byte)'\n', start);
            lines[i] = Encoding.UTF8.GetString(payload, start, end - start);
            start = end + 1;
        }
        int textsAt = start + (2 * sizeof(int));
        int textAt = textsAt + BinaryPrimitives.ReadInt32LittleEndian(payload.AsSpan(start));
        int filesAt = textAt + BinaryPrimitives.ReadInt32LittleEndian(payload.AsSpan(start + sizeof(int)));
        TlsFiles files = TlsFiles.Decode(payload.AsSpan(filesAt));
        CryptographicOperations.ZeroMemory(payload.AsSpan(filesAt));
        return new SettingsMessage(lines[0], lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries), lines[2], payload[textsAt..textAt],
            payload[textAt..filesAt])
        {
            Round = int.Parse(lines[3], CultureInfo.InvariantCulture),
            Found = lines[4],
            Tickets = lines[5],
            LogLevel = LogLevels.Named(lines[6]) ?? default,
            Files = files,
        };
    }

    /// <summary>Parses texts and addresses; false when they have errors, which the supervisor would have shown.</summary>
    /// <param name="settings">The settings of the file.</param>
    /// <param name="servers">The servers that go with them.</param>
    public bool TryParse(out ProxySettings settings, out ServersInForce servers)
    {
        SettingsResult started = SettingsFile.Parse(SettingsText.Decode(StartText));
        SettingsResult result = SettingsFile.Parse(SettingsText.Decode(Text));
        bool isOk = result.IsOk && started.IsOk;
        settings = isOk ? FixedSettings.Keep(result.Settings, started.Settings) : default;
        servers = new ServersInForce(settings, "", new ServerEndPoints([]));
        return isOk && ServersInForce.TryParse(settings, Found, Servers, out servers);
    }
}
