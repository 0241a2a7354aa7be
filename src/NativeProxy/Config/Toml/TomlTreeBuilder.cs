using System;
using System.Collections.Generic;
using Tomlyn.Syntax;

namespace NativeProxy.Config.Toml;

/// <summary>
/// Turns Tomlyn's syntax tree of a text without mistakes into our tree of values with positions. What keys may do is decided by
/// <see cref="TomlTableRules"/>. Used once; recursion is as deep as the text, which is bounded by <see cref="TomlDocument.DepthMax"/>.
/// </summary>
/// <param name="text">The text, without a byte order mark.</param>
/// <param name="standIn">A character that stands for U+FFFD in the text.</param>
/// <param name="file">Number of the text.</param>
internal sealed class TomlTreeBuilder(string text, char standIn, int file)
{
    private readonly TomlTableRules _rules = new();
    private TomlError? _error;

    /// <summary>Fills the root. False with the first key that is defined twice, or another thing that Tomlyn does not look at.</summary>
    public bool TryBuild(DocumentSyntax document, TomlTable root, out TomlError? error)
    {
        bool isBuilt = TryAddAll(document.KeyValues, root) && TryAddSections(document, root);
        error = _error;
        return isBuilt;
    }

    private bool TryAddSections(DocumentSyntax document, TomlTable root)
    {
        foreach (TableSyntaxBase section in document.Tables)
        {
            List<TomlKeyPart> path = PathOf(section.Name!);
            TomlTable? table = section is TableArraySyntax ? _rules.OpenArrayElement(root, path) : _rules.OpenTable(root, path);
            if (table is null)
                return Refuse(_rules.Conflict!);
            if (!TryAddAll(section.Items, table))
                return false;
        }

        return true;
    }

    private bool TryAddAll(SyntaxList<KeyValueSyntax> pairs, TomlTable table)
    {
        foreach (KeyValueSyntax pair in pairs)
        {
            if (!TryAdd(pair, table))
                return false;
        }

        return true;
    }

    private bool TryAdd(KeyValueSyntax pair, TomlTable table) =>
        NodeOf(pair.Value!) is { } value && (_rules.TryAdd(table, PathOf(pair.Key!), value) || Refuse(_rules.Conflict!));

    /// <summary>The value, or null when something in it is refused.</summary>
    private TomlNode? NodeOf(ValueSyntax value) => value switch
    {
        StringValueSyntax text => new TomlNode(TomlKind.String, Restored(text.Value ?? ""), PositionOf(value)),
        IntegerValueSyntax integer => IntegerOf(integer),
        FloatValueSyntax real => new TomlNode(TomlKind.Float, real.Value, PositionOf(value)),
        BooleanValueSyntax boolean => new TomlNode(TomlKind.Boolean, boolean.Value, PositionOf(value)),
        DateTimeValueSyntax => new TomlNode(TomlKind.DateOrTime, text.Substring(value.Span.Offset, value.Span.Length), PositionOf(value)),
        ArraySyntax array => ArrayOf(array),
        InlineTableSyntax table => TableOf(table),
        _ => throw new InvalidOperationException($"Tomlyn has a kind of value that is not known here: {value.Kind}"),
    };

    private TomlNode? IntegerOf(IntegerValueSyntax integer)
    {
        // Tomlyn keeps the lowest 64 bits of 0xFFFFFFFFFFFFFFFF; TOML wants an error where a value does not fit a signed integer.
        bool isPlain = text[integer.Span.Offset] is '-' || integer.Value >= 0;
        if (isPlain)
            return new TomlNode(TomlKind.Integer, integer.Value, PositionOf(integer));
        Refuse(new TomlError(PositionOf(integer), TomlFaultText.IntegerTooLarge, TomlFaultText.IntegerRange));
        return null;
    }

    private TomlNode? ArrayOf(ArraySyntax array)
    {
        List<TomlNode> items = new(array.Items.ChildrenCount);
        foreach (ArrayItemSyntax item in array.Items)
        {
            if (NodeOf(item.Value!) is not { } node)
                return null;
            items.Add(node);
        }

        return new TomlNode(TomlKind.Array, items, PositionOf(array.OpenBracket!));
    }

    private TomlNode? TableOf(InlineTableSyntax inline)
    {
        TextPosition brace = PositionOf(inline.OpenBrace!);
        TomlTable table = _rules.NewInlineTable(brace.Line);
        foreach (InlineTableItemSyntax item in inline.Items)
        {
            if (!TryAdd(item.KeyValue!, table))
                return null;
        }

        return new TomlNode(TomlKind.Table, table, brace);
    }

    private List<TomlKeyPart> PathOf(KeySyntax key)
    {
        List<TomlKeyPart> path = new(1 + key.DotKeys.ChildrenCount) { PartOf(key.Key!) };
        foreach (DottedKeyItemSyntax item in key.DotKeys)
            path.Add(PartOf(item.Key!));
        return path;
    }

    private TomlKeyPart PartOf(BareKeyOrStringValueSyntax key) =>
        new(key is BareKeySyntax bare ? bare.Key!.Text! : Restored(((StringValueSyntax)key).Value ?? ""), PositionOf(key));

    private TextPosition PositionOf(SyntaxNode node) =>
        new(node.Span.Start.Line + 1, node.Span.Start.Column + 1, TextPosition.WidthOf(text, node.Span.Offset, node.Span.Length)) { File = file };

    private string Restored(string value) => value.Replace(standIn, '\uFFFD');

    private bool Refuse(TomlError error)
    {
        _error = error;
        return false;
    }
}
