using System;
using System.Collections.Generic;

namespace NativeProxy.Toml;

/// <summary>
/// Builds the tree of one document from the tokens of a <see cref="TomlReader"/>. Owns the stack of open containers and the key being read;
/// what keys may do is decided by <see cref="TomlTableRules"/>. Works in one loop, never by recursion. Used once.
/// </summary>
internal ref struct TomlDocumentBuilder
{
    /// <summary>An array or table that takes the next value, and how many containers deep it lies (the root: 0).</summary>
    private readonly record struct Container(TomlTable? Table, List<TomlNode>? Items, int Depth);

    private readonly TomlTable _root = new();
    private readonly TomlTableRules _rules = new();
    private readonly List<TomlKeyPart> _path = [];

    /// <summary>The open containers; the first one is the table of the current header, or the root.</summary>
    private readonly Stack<Container> _open = new();

    private TomlReader _reader;
    private TextPositionCursor _positions;
    private bool _isArrayHeader;
    private TomlError? _conflict;

    public TomlDocumentBuilder(ReadOnlySpan<byte> utf8)
    {
        _reader = new TomlReader(utf8);
        _positions = new TextPositionCursor(utf8);
        _open.Push(new Container(_root, null, 0));
    }

    /// <summary>Reads the whole text.</summary>
    /// <param name="root">The tree; when false is returned, only what stood before the error.</param>
    public bool TryBuild(out TomlTable root, out TomlError? error)
    {
        root = _root;
        while (_reader.Read())
        {
            if (!TryTake())
            {
                error = _conflict;
                return false;
            }
        }
        TomlFault fault = _reader.Fault;
        error = fault.Problem is null ? null : new TomlError(_positions.At(fault.Offset, fault.Length), fault.Problem, fault.Expected);
        return error is null;
    }

    private bool TryTake()
    {
        switch (_reader.TokenKind)
        {
            case TomlTokenKind.TableHeader:
            case TomlTokenKind.ArrayTableHeader:
                _isArrayHeader = _reader.TokenKind == TomlTokenKind.ArrayTableHeader;
                return true;
            case TomlTokenKind.KeyPart:
                _path.Add(new TomlKeyPart(_reader.GetString(), TokenPosition()));
                return true;
            case TomlTokenKind.HeaderEnd:
                return TryOpenSection();
            case TomlTokenKind.ArrayStart:
                var items = new List<TomlNode>();
                return TryAddContainer(new TomlNode(TomlKind.Array, items, TokenPosition()), null, items);
            case TomlTokenKind.InlineTableStart:
                TextPosition brace = TokenPosition();
                TomlTable table = _rules.NewInlineTable(brace.Line);
                return TryAddContainer(new TomlNode(TomlKind.Table, table, brace), table, null);
            case TomlTokenKind.ArrayEnd:
            case TomlTokenKind.InlineTableEnd:
                _open.Pop();
                return true;
            default:
                return TryAdd(ScalarNode(), LastTableDepth());
        }
    }

    private bool TryOpenSection()
    {
        TomlTable? section = _isArrayHeader ? _rules.OpenArrayElement(_root, _path, out int depth) : _rules.OpenTable(_root, _path, out depth);
        if (section is null)
            return Refuse(_rules.Conflict);
        if (depth > TomlReader.DepthMax)
            return Refuse(TooDeep(_path[^1].Position));
        _path.Clear();
        _open.Clear();
        _open.Push(new Container(section, null, depth));
        return true;
    }

    private bool TryAddContainer(TomlNode node, TomlTable? table, List<TomlNode>? items)
    {
        int depth = LastTableDepth() + 1;
        if (!TryAdd(node, depth))
            return false;
        _open.Push(new Container(table, items, depth));
        return true;
    }

    /// <summary>Puts a value where it belongs: under the key just read, or at the end of the open array.</summary>
    private bool TryAdd(TomlNode node, int depth)
    {
        if (depth > TomlReader.DepthMax)
            return Refuse(TooDeep(node.Position));
        Container container = _open.Peek();
        if (container.Items is not null)
        {
            container.Items.Add(node);
            return true;
        }
        bool isAdded = _rules.TryAdd(container.Table!, _path, node);
        _path.Clear();
        return isAdded || Refuse(_rules.Conflict);
    }

    /// <summary>Depth of the container that will directly hold the value being read: the open one, or the last table that a dotted key implies.</summary>
    private readonly int LastTableDepth() => _open.Peek().Depth + Math.Max(_path.Count - 1, 0);

    private TomlNode ScalarNode()
    {
        TextPosition position = TokenPosition();
        if (_reader.TokenKind == TomlTokenKind.String)
            return new TomlNode(TomlKind.String, _reader.GetString(), position);
        TomlScalar scalar = _reader.GetScalar();
        return scalar.Kind switch
        {
            TomlTokenKind.Integer => new TomlNode(TomlKind.Integer, scalar.Bits, position),
            TomlTokenKind.Float => new TomlNode(TomlKind.Float, scalar.AsFloat(), position),
            TomlTokenKind.Boolean => new TomlNode(TomlKind.Boolean, scalar.Bits != 0, position),
            TomlTokenKind.OffsetDateTime => new TomlNode(TomlKind.OffsetDateTime, scalar.AsOffsetDateTime(), position),
            TomlTokenKind.LocalDateTime => new TomlNode(TomlKind.LocalDateTime, scalar.AsLocalDateTime(), position),
            TomlTokenKind.LocalDate => new TomlNode(TomlKind.LocalDate, scalar.AsLocalDate(), position),
            TomlTokenKind.LocalTime => new TomlNode(TomlKind.LocalTime, scalar.AsLocalTime(), position),
            _ => throw new InvalidOperationException($"no value comes from a {scalar.Kind} token"),
        };
    }

    private TextPosition TokenPosition() => _positions.At(_reader.TokenStart, _reader.TokenLength);

    private bool Refuse(TomlError? conflict)
    {
        _conflict = conflict;
        return false;
    }

    private static TomlError TooDeep(TextPosition position) =>
        new(position, "tables and arrays are nested too deeply", "at most 64 levels from the top of the document");
}
