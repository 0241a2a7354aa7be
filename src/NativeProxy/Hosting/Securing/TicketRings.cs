using System;
using System.Collections.Generic;
using NativeProxy.Transport.Tls;

namespace NativeProxy.Hosting.Securing;

/// <summary>
/// The ticket keys of all listeners, by their names: the same in every worker, from the supervisor. Immutable.
/// </summary>
internal sealed class TicketRings(IReadOnlyDictionary<string, TicketRing> rings)
{
    /// <summary>Nobody's.</summary>
    public static TicketRings None { get; } = new(new Dictionary<string, TicketRing>());

    /// <summary>That of a listener, or null.</summary>
    public TicketRing? Of(string listener) => rings.TryGetValue(listener, out TicketRing? ring) ? ring : null;

    /// <summary>A line for each listener: its name, which key seals, and the keys in base64, with blanks between.</summary>
    public byte[] Encode()
    {
        var lines = new System.Text.StringBuilder();
        foreach ((string name, TicketRing ring) in rings)
        {
            lines.Append(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(name))).Append(' ').Append(ring.Sealing);
            foreach (byte[] key in ring.Keys)
                lines.Append(' ').Append(Convert.ToBase64String(key));
            lines.Append('\n');
        }
        return System.Text.Encoding.ASCII.GetBytes(lines.ToString());
    }

    /// <summary>The same in one line.</summary>
    public string ToText() => Convert.ToBase64String(Encode());

    /// <summary>Reads <see cref="Encode"/>'s lines.</summary>
    public static TicketRings Decode(ReadOnlySpan<byte> bytes)
    {
        var rings = new Dictionary<string, TicketRing>(StringComparer.Ordinal);
        foreach (string line in System.Text.Encoding.ASCII.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ');
            byte[][] keys = Array.ConvertAll(words[2..], Convert.FromBase64String);
            rings[System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(words[0]))] =
                new TicketRing([.. keys], int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture));
        }
        return new TicketRings(rings);
    }
}
