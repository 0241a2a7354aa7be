using System.Text;

namespace NativeProxy.Generators;

/// <summary>Writes indented JSON: puts the commas and the line ends. Owned by one emitter call. Trusts its caller to balance Begin and End.</summary>
internal sealed class JsonWriter
{
    private readonly StringBuilder _text = new();
    private int _depth;
    private bool _isFirst = true;

    public void Begin(string name = "")
    {
        StartItem(name);
        _text.Append('{');
        _depth++;
        _isFirst = true;
    }

    public void End()
    {
        _depth--;
        if (!_isFirst)
            _text.Append('\n').Append(' ', _depth * 2);
        _text.Append('}');
        _isFirst = false;
    }

    public void Text(string name, string value) => Literal(name, SettingWords.Quoted(value));

    /// <summary>Writes a value that is JSON already.</summary>
    public void Literal(string name, string json)
    {
        StartItem(name);
        _text.Append(json);
    }

    public override string ToString() => _text.ToString();

    private void StartItem(string name)
    {
        if (_depth > 0)
            _text.Append(_isFirst ? "\n" : ",\n").Append(' ', _depth * 2);
        if (name.Length > 0)
            _text.Append(SettingWords.Quoted(name)).Append(": ");
        _isFirst = false;
    }
}
