using System;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Rewriting;

/// <summary>
/// A sink that has no lines, as an encoder of HTTP/2: it takes each run apart into fields, with small names and without the blanks around values.
/// </summary>
internal readonly struct FieldList() : IFieldSink
{
    private readonly List<string> _fields = [];
    private readonly StringBuilder _begun = new();

    /// <summary>"name: value" each.</summary>
    public IReadOnlyList<string> Fields => _fields;

    /// <summary>What a reader of HTTP/1 makes of lines.</summary>
    public static IReadOnlyList<string> Of(ReadOnlySpan<byte> lines)
    {
        byte[] bytes = [.. lines, .. "\r\n"u8];
        var table = new HeaderTable(capacity: 200);
        Assert.Equal(ParseStatus.Done, FieldBlockParser.Parse(bytes, 0, bytes.Length, table).Status);
        var fields = new List<string>();
        for (int i = 0; i < table.Count; i++)
            fields.Add($"{Wire.Text(table[i].Name.Of(bytes)).ToLowerInvariant()}: {Wire.Text(table[i].Value.Of(bytes))}");
        return fields;
    }

    public void AppendLines(scoped ReadOnlySpan<byte> lines)
    {
        Assert.Equal(0, _begun.Length);
        while (!lines.IsEmpty)
        {
            int end = lines.IndexOf("\r\n"u8);
            int colon = lines[..end].IndexOf((byte)':');
            AppendField(lines[..colon], lines[(colon + 1)..end].Trim(" \t"u8));
            lines = lines[(end + 2)..];
        }
    }

    public void AppendField(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        BeginField(name);
        AppendValue(value);
        EndField();
    }

    public void BeginField(scoped ReadOnlySpan<byte> name)
    {
        Assert.Equal(0, _begun.Length);
        Assert.False(name.IsEmpty);
        _begun.Append(Wire.Text(name).ToLowerInvariant()).Append(": ");
    }

    public void AppendValue(scoped ReadOnlySpan<byte> piece)
    {
        Assert.NotEqual(0, _begun.Length);
        _begun.Append(Wire.Text(piece));
    }

    public void AppendDecimal(long value)
    {
        Assert.NotEqual(0, _begun.Length);
        _begun.Append(value);
    }

    public void EndField()
    {
        _fields.Add(_begun.ToString());
        _begun.Clear();
    }
}
