using System;
using System.Text;

namespace NativeProxy.Generators;

/// <summary>Builds indented text line by line, with line feeds. Owned by one emitter call.</summary>
internal sealed class CodeWriter
{
    private readonly StringBuilder _text = new();
    private readonly int _indentChars;
    private int _depth;

    public CodeWriter(int indentChars) => _indentChars = indentChars;

    public void Line(string text = "")
    {
        if (text.Length > 0)
            _text.Append(' ', _depth * _indentChars).Append(text);
        _text.Append('\n');
    }

    /// <summary>Writes a line as it is, without indentation: the inside of a raw string.</summary>
    public void Verbatim(string text) => _text.Append(text).Append('\n');

    public void Open(string brace)
    {
        Line(brace);
        _depth++;
    }

    public void Close(string brace)
    {
        _depth--;
        Line(brace);
    }

    public void Indent() => _depth++;

    public void Outdent() => _depth--;

    public override string ToString() => _text.ToString();

    /// <summary>Splits a text into lines of at most that many characters, at blanks.</summary>
    public static string[] Wrap(string text, int charsMax)
    {
        StringBuilder wrapped = new();
        int column = 0;
        foreach (string word in text.Split(new[] { ' ' }, StringSplitOptions.RemoveEmptyEntries))
        {
            if (column > 0 && column + 1 + word.Length > charsMax)
            {
                wrapped.Append('\n');
                column = 0;
            }

            if (column > 0)
            {
                wrapped.Append(' ');
                column++;
            }

            wrapped.Append(word);
            column += word.Length;
        }

        return wrapped.ToString().Split('\n');
    }
}
