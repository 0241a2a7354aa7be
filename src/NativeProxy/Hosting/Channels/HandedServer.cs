using System.Collections.Generic;
using System.Text.Json;
using NativeProxy.Config;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Hosting.Channels;

/// <summary>Where one server stands, as a process tells the one that comes after it and has other boards. Immutable.</summary>
/// <param name="Upstream">Name of its upstream.</param>
/// <param name="Server">Its name.</param>
/// <param name="Address">As it stands in the settings.</param>
/// <param name="IsDown">It fails its checks.</param>
/// <param name="Operator">What an operator wants of it: an <see cref="OperatorState"/>.</param>
/// <param name="Percent">Percent of its weight that an operator lets it have.</param>
/// <param name="ChangedAtMs">When it went up or down last, in ms since 1970-01-01 UTC; 0 = never.</param>
internal sealed record HandedServer(string Upstream, string Server, string Address, bool IsDown, int Operator, int Percent, long ChangedAtMs)
{
    /// <summary>All servers of a board about which there is something to say.</summary>
    public static List<HandedServer> AllOf(ServerBoard board)
    {
        var servers = new List<HandedServer>();
        foreach (ServerSlot slot in board.Current)
        {
            bool isDown = slot is { IsUp: false, HasAddress: true };
            if (isDown || slot.Operator != slot.StateInFile || slot.OperatorPercent != 100)
            {
                servers.Add(new HandedServer(
                    slot.Upstream, slot.Server, slot.Address, isDown, (int)slot.Operator, slot.OperatorPercent, slot.ChangedAtMs));
            }
        }
        return servers;
    }

    /// <summary>Has the server stand so on a board, on which it has been published.</summary>
    public void Show(ServerBoard board)
    {
        if (board.Find(Upstream, Server, Address) is not { } slot)
            return;
        slot.IsUp = !IsDown;
        slot.Operator = Operator is >= (int)OperatorState.Ready and <= (int)OperatorState.Maintenance
            ? (OperatorState)Operator : OperatorState.Ready;
        slot.OperatorPercent = System.Math.Clamp(Percent, 1, 100);
        slot.ChangedAtMs = ChangedAtMs;
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("upstream", Upstream);
        json.WriteString("server", Server);
        json.WriteString("address", Address);
        json.WriteBoolean("down", IsDown);
        json.WriteNumber("operator", Operator);
        json.WriteNumber("percent", Percent);
        json.WriteNumber("changed", ChangedAtMs);
        json.WriteEndObject();
    }

    public static HandedServer Read(JsonElement server) => new(
        server.GetProperty("upstream").GetString() ?? "", server.GetProperty("server").GetString() ?? "",
        server.GetProperty("address").GetString() ?? "", server.GetProperty("down").GetBoolean(), server.GetProperty("operator").GetInt32(),
        server.GetProperty("percent").GetInt32(), server.GetProperty("changed").GetInt64());
}
