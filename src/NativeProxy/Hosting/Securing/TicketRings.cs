using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using NativeProxy.Transport.Tls;

namespace NativeProxy.Hosting.Securing;

/// <summary>The ticket keys of all listeners, by their names: the same in every worker, from the supervisor. Immutable.</summary>
internal sealed class TicketRings(IReadOnlyDictionary<string, TicketRing> rings)
{
    /// <summary>Nobody's.</summary>
    public static TicketRings None { get; } = new(new Dictionary<string, TicketRing>());

    /// <summary>That of a listener, or null.</summary>
    public TicketRing? Of(string listener) => rings.GetValueOrDefault(listener);

    /// <summary>
    /// One line for all: of each listener its name, which key seals, and the keys, all in base64 but the number, with commas between; blanks between
    /// listeners.
    /// </summary>
    public string ToLine() => string.Join(' ', rings.Select(static one => string.Join(',', [
        Convert.ToBase64String(Encoding.UTF8.GetBytes(one.Key)), one.Value.Sealing.ToString(CultureInfo.InvariantCulture),
        .. one.Value.Keys.Select(Convert.ToBase64String)])));

    /// <summary>Reads <see cref="ToLine"/>'s line.</summary>
    public static TicketRings Parse(string line)
    {
        var rings = new Dictionary<string, TicketRing>(StringComparer.Ordinal);
        foreach (string[] words in line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static one => one.Split(',')))
        {
            rings[Encoding.UTF8.GetString(Convert.FromBase64String(words[0]))] = new TicketRing(
                [.. words[2..].Select(Convert.FromBase64String)], int.Parse(words[1], CultureInfo.InvariantCulture));
        }
        return new TicketRings(rings);
    }
}
