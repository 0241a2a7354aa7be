using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace NativeProxy.Hosting.Channels;

/// <summary>Whose sockets a worker is to accept on beside its own, and their addresses, in the order in which the descriptors went ahead.</summary>
internal sealed record AdoptMessage(int Worker, IReadOnlyList<string> Binds)
{
    /// <summary>Words joined by blanks; addresses hold none.</summary>
    public byte[] Encode() => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Worker} {string.Join(' ', Binds)}"));

    public static AdoptMessage Decode(byte[] payload)
    {
        string[] words = Encoding.UTF8.GetString(payload).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new AdoptMessage(int.Parse(words[0], CultureInfo.InvariantCulture), words[1..]);
    }
}
