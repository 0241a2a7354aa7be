using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;

namespace NativeProxy.Logging;

/// <summary>
/// Names that records mention by a small id: listeners, upstreams, servers, close reasons. Registered at start and reload by any thread;
/// read by the log writer without a lock. Ids are never reused, so that a record written before a reload still finds its name.
/// </summary>
internal sealed class LogNames
{
    /// <summary>The id of "no name".</summary>
    public const int None = 0;

    private readonly Lock _registering = new();
    private readonly Dictionary<string, int> _ids = [];
    private Entry?[] _names = [new("")];

    /// <summary>The id of a name, the same one each time; 0 for the empty name. Not for the path of a request.</summary>
    public int Register(string name)
    {
        if (name.Length == 0)
            return None;

        lock (_registering)
        {
            if (_ids.TryGetValue(name, out int known))
                return known;

            // A reader that knows an id was told it after its place was filled.
            int id = _ids.Count + 1;
            Entry?[] names = _names;
            if (id == names.Length)
                Array.Resize(ref names, 2 * id);
            names[id] = new Entry(name);
            _ids.Add(name, id);
            Volatile.Write(ref _names, names);
            return id;
        }
    }

    /// <summary>The name in UTF-8; empty for 0 and for an id that was never given.</summary>
    public ReadOnlySpan<byte> NameOf(int id) => EntryOf(id).Name;

    /// <summary>The name as <see cref="LogText.AppendWord"/> writes it, <c>-</c> for no name.</summary>
    public ReadOnlySpan<byte> WordOf(int id) => EntryOf(id).Word;

    private Entry EntryOf(int id)
    {
        Entry?[] names = Volatile.Read(ref _names);
        return ((uint)id < (uint)names.Length ? names[id] : null) ?? names[None]!;
    }

    /// <summary>A name in both its shapes, so that a line only copies it.</summary>
    private sealed class Entry
    {
        public Entry(string name)
        {
            Name = Encoding.UTF8.GetBytes(name);
            LogText word = new();
            word.AppendWord(Name);
            Word = word.Bytes.ToArray();
        }

        public byte[] Name { get; }

        public byte[] Word { get; }
    }
}
