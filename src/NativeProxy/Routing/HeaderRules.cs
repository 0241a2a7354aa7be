using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Routing;

/// <summary>
/// What rules of the listener and of a route make of the header fields of one direction: which are dropped, which are written besides. Owner: a
/// <see cref="Route"/>; thread: the loop, on which one head is worked on at a time.
/// </summary>
internal sealed class HeaderRules
{
    /// <summary>In lower case; one that ends with '*' stands for all that begin so.</summary>
    private readonly List<byte[]> _dropped = [];
    private readonly List<WrittenField> _written = [];
    private readonly byte[] _room;
    private readonly bool _isOfResponses;

    private HeaderRules(ReadOnlySpan<HeaderRuleSettings> levels, in RuleNames names, byte[]? room, string strippedPrefix = "")
    {
        _isOfResponses = room is null;
        foreach (ref readonly HeaderRuleSettings level in levels)
        {
            foreach (string name in level.Remove)
                Drop(name);
            foreach (NamedText field in level.Set)
            {
                Drop(field.Name);
                Write(field, WriteWhen.Always, names);
            }
            foreach (NamedText field in level.Add)
                Write(field, WriteWhen.Always, names);
            foreach (NamedText field in level.Default)
            {
                byte[] lower = Lower(field.Name);
                _written.RemoveAll(one => one.When == WriteWhen.Absent && Matches(one.Name, lower));
                if (!_written.Exists(one => Matches(one.Name, lower)))
                    Write(field, WriteWhen.Absent, names);
            }
        }
        if (strippedPrefix.Length > 0)
        {
            Drop("X-Forwarded-Prefix");
            Drop("X_Forwarded_Prefix");
            string text = strippedPrefix.Replace("{", "{{", StringComparison.Ordinal);
            Write(new NamedText("X-Forwarded-Prefix", text), WriteWhen.Stripped, names);
        }
        _room = room ?? new byte[BytesMax()];
        IsFixed = _written.TrueForAll(static field => field.OfResponse is null or { IsFixed: true });
    }

    /// <summary>True when what is written into responses is the same in each.</summary>
    public bool IsFixed { get; }

    /// <summary>The rules for requests; null when there are none.</summary>
    /// <param name="levels">Those of the file, the outermost first.</param>
    /// <param name="strippedPrefix">What the route takes off the path, for X-Forwarded-Prefix; empty when it takes nothing off.</param>
    /// <param name="names">What values may name.</param>
    /// <param name="room">Where lines are written; shared by all rules, as one request is worked on at a time. Longer lines refuse it.</param>
    public static HeaderRules? ForRequests(ReadOnlySpan<HeaderRuleSettings> levels, string strippedPrefix, in RuleNames names, byte[] room) =>
        levels.IsEmpty && strippedPrefix.Length == 0 ? null : new HeaderRules(levels, names, room, strippedPrefix);

    /// <summary>The same for responses, whose values have a bound, so that there is room for all of them.</summary>
    public static HeaderRules? ForResponses(ReadOnlySpan<HeaderRuleSettings> levels, in RuleNames names) =>
        levels.IsEmpty ? null : new HeaderRules(levels, names, room: null);

    /// <summary>Drops fields of a request and says which lines are added. False when they are too long.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it; what is dropped is marked in its table.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="lines">The lines, valid until the next call.</param>
    public bool TryApply(ReadOnlySpan<byte> bytes, RequestHead head, PeerAddress client, out ReadOnlySpan<byte> lines)
    {
        DropFields(bytes, head.Fields);
        var writer = new HeadWriter(_room);
        foreach (WrittenField field in _written)
        {
            if (field.When switch
            {
                WriteWhen.Absent => Has(bytes, head.Fields, field.Name),
                WriteWhen.Stripped => !head.HasStrippedPrefix,
                _ => false,
            })
            {
                continue;
            }
            int start = writer.WrittenBytes;
            writer.BeginField(field.Spelling);
            int value = writer.WrittenBytes;
            field.OfRequest!.Write(ref writer, bytes, head, client);
            bool isEmpty = writer.WrittenBytes == value;
            writer.EndField();
            if (isEmpty)
                writer.Rewind(start);
        }
        lines = writer.Written;
        return !writer.Overflowed;
    }

    /// <summary>The same for a response; the lines always fit.</summary>
    public ReadOnlySpan<byte> Apply(ReadOnlySpan<byte> bytes, HeaderTable fields, scoped in ResponseFacts facts)
    {
        DropFields(bytes, fields);
        var writer = new HeadWriter(_room);
        foreach (WrittenField field in _written)
        {
            if (field.When != WriteWhen.Absent || !Has(bytes, fields, field.Name))
                Write(ref writer, field, facts);
        }
        return writer.Written;
    }

    /// <summary>
    /// The lines for an error that the proxy itself answers, those that are the same in each. It always has a type, and says that it is not to be
    /// kept.
    /// </summary>
    public byte[] OwnLines()
    {
        var writer = new HeadWriter(_room);
        foreach (WrittenField field in _written)
        {
            if (IsOfErrors(field) && field.OfResponse!.IsFixed)
                writer.AppendField(field.Spelling, field.OfResponse.Fixed);
        }
        return writer.Written.ToArray();
    }

    /// <summary>The others of these.</summary>
    public ReadOnlySpan<byte> OwnLines(scoped in ResponseFacts facts)
    {
        var writer = new HeadWriter(_room);
        foreach (WrittenField field in _written)
        {
            if (!field.OfResponse!.IsFixed && !IsSaidByErrors(field))
                Write(ref writer, field, facts);
        }
        return writer.Written;
    }

    private static void Write(ref HeadWriter writer, WrittenField field, in ResponseFacts facts)
    {
        if (field.OfResponse!.IsFixed)
        {
            writer.AppendField(field.Spelling, field.OfResponse.Fixed);
            return;
        }
        int start = writer.WrittenBytes;
        writer.BeginField(field.Spelling);
        int value = writer.WrittenBytes;
        field.OfResponse.Write(ref writer, facts);
        bool isEmpty = writer.WrittenBytes == value;
        writer.EndField();
        if (isEmpty)
            writer.Rewind(start);
    }

    /// <summary>True when a field of this name, in lower case, is among <see cref="OwnLines"/>.</summary>
    public bool WritesToErrors(ReadOnlySpan<byte> name)
    {
        foreach (WrittenField field in _written)
        {
            if (name.SequenceEqual(field.Name) && IsOfErrors(field) && field.OfResponse!.IsFixed)
                return true;
        }
        return false;
    }

    /// <summary>A default for pages, such as a long life in caches, is none for their errors.</summary>
    private static bool IsOfErrors(WrittenField field) =>
        field.When == WriteWhen.Always || !("content-type"u8.SequenceEqual(field.Name) || "cache-control"u8.SequenceEqual(field.Name));

    /// <summary>What errors say themselves, unless a line that is the same in each says it.</summary>
    private static bool IsSaidByErrors(WrittenField field) =>
        "content-type"u8.SequenceEqual(field.Name) || "cache-control"u8.SequenceEqual(field.Name) || "retry-after"u8.SequenceEqual(field.Name);

    private int BytesMax()
    {
        int bytes = 0;
        foreach (WrittenField field in _written)
            bytes += field.Spelling.Length + ": ".Length + field.OfResponse!.BytesMax + "\r\n".Length;
        return bytes;
    }

    /// <summary>Marks in the table what rules take away.</summary>
    public void DropFields(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            ReadOnlySpan<byte> name = fields[i].Name.Of(bytes);
            bool isOwn = fields[i].Known is KnownHeader.ContentLength or KnownHeader.Host or KnownHeader.Via;
            foreach (byte[] dropped in _dropped)
            {
                // What frames a message, or is the proxy's own, cannot be named; nor is it meant by a name's beginning.
                if (!(isOwn && dropped[^1] == '*') && Matches(name, dropped))
                    fields.Drop(i);
            }
        }
    }

    private static bool Has(ReadOnlySpan<byte> bytes, HeaderTable fields, ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            if (!fields[i].IsHopByHop && AsciiBytes.EqualsIgnoreCase(fields[i].Name.Of(bytes), name))
                return true;
        }
        return false;
    }

    private static bool Matches(ReadOnlySpan<byte> name, ReadOnlySpan<byte> pattern) => pattern[^1] == '*'
        ? name.Length >= pattern.Length - 1 && AsciiBytes.EqualsIgnoreCase(name[..(pattern.Length - 1)], pattern[..^1])
        : AsciiBytes.EqualsIgnoreCase(name, pattern);

    private void Drop(string name)
    {
        byte[] pattern = Lower(name);
        _dropped.Add(pattern);
        _written.RemoveAll(field => Matches(field.Name, pattern));
    }

    private void Write(NamedText field, WriteWhen when, in RuleNames names)
    {
        TemplateText.TryParse(field.Text, out ImmutableArray<TemplatePart> parts, out _);
        _written.Add(new WrittenField(Encoding.ASCII.GetBytes(field.Name), Lower(field.Name), when)
        {
            OfRequest = _isOfResponses ? null : new RequestTemplate(parts, names.Listener, names.Route, names.Upstream),
            OfResponse = _isOfResponses ? new ResponseTemplate(parts, names.Listener, names.Route, names.Upstream) : null,
        });
    }

    private static byte[] Lower(string name) => Encoding.ASCII.GetBytes(name.ToLowerInvariant());

    /// <summary>A field that is written, with one of two values.</summary>
    /// <param name="Spelling">Its name as the file spells it.</param>
    /// <param name="Name">In lower case.</param>
    /// <param name="When">For which messages.</param>
    private sealed record WrittenField(byte[] Spelling, byte[] Name, WriteWhen When)
    {
        public required RequestTemplate? OfRequest { get; init; }

        public required ResponseTemplate? OfResponse { get; init; }
    }

    /// <summary>For which messages a field is written.</summary>
    private enum WriteWhen : byte
    {
        Always,

        /// <summary>Only where there is no field of the name.</summary>
        Absent,

        /// <summary>Only where the route has taken its prefix off the path.</summary>
        Stripped,
    }
}

/// <summary>What is known when rules are made, and may be named in them.</summary>
/// <param name="Listener">Name of the listener.</param>
/// <param name="Route">Name of the route; empty for what no route takes.</param>
/// <param name="Upstream">Name of the upstream.</param>
internal readonly record struct RuleNames(string Listener, string Route, string Upstream);
