using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;

namespace NativeProxy.Logging;

/// <summary>
/// Which fields of requests and responses are copied into records, in which order. Each list has a number that stands in the record, so that a
/// line never takes what another list has captured for its own. Immutable; any thread.
/// </summary>
internal sealed class CaptureList
{
    /// <summary>Bytes of one value; the rest is cut off.</summary>
    public const int ValueBytesMax = 512;

    /// <summary>Bytes of all values of a record and their lengths; what finds no room is cut off, or not there.</summary>
    public const int RecordBytesMax = 2048;

    private static int _lastId;

    public CaptureList(IEnumerable<string> request, IEnumerable<string> response, IReadOnlyCollection<string> redacted)
    {
        Request = Named(request, redacted);
        Response = Named(response, redacted);
        Id = Interlocked.Increment(ref _lastId);
    }

    public int Id { get; }

    public CapturedName[] Request { get; }

    /// <summary>Their values stand behind those of the request.</summary>
    public CapturedName[] Response { get; }

    public bool IsEmpty => Request.Length + Response.Length == 0;

    /// <summary>The place of a name among all values; -1 when it is not captured.</summary>
    public int IndexOf(bool isResponse, string name)
    {
        int index = Array.FindIndex(isResponse ? Response : Request, one => one.IsNamed(name));
        return index < 0 ? index : index + (isResponse ? Request.Length : 0);
    }

    private static CapturedName[] Named(IEnumerable<string> names, IReadOnlyCollection<string> redacted)
    {
        var captured = new List<CapturedName>();
        foreach (string name in names)
        {
            if (captured.Exists(one => one.IsNamed(name)))
                continue;
            bool isSecret = false;
            foreach (string secret in redacted)
                isSecret |= string.Equals(secret, name, StringComparison.OrdinalIgnoreCase);
            captured.Add(new CapturedName(name, isSecret));
        }
        return [.. captured];
    }
}

/// <summary>The name of a field that is captured. Immutable.</summary>
/// <param name="name">As the settings write it.</param>
/// <param name="isSecret">A word stands for its value.</param>
internal sealed class CapturedName(string name, bool isSecret)
{
    /// <summary>The name in lower case.</summary>
    public byte[] LowerName { get; } = Encoding.ASCII.GetBytes(name.ToLowerInvariant());

    /// <summary>A word stands for its value: who captures does not even copy it.</summary>
    public bool IsSecret { get; } = isSecret;

    public bool IsNamed(string other) => string.Equals(name, other, StringComparison.OrdinalIgnoreCase);
}
