using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

namespace NativeProxy.Generators;

/// <summary>
/// Writes the commented reference document. Prose lines start with "# ", defaults with "#key" (no blank), so that uncommenting is
/// mechanical; table headers and required keys are live, so that the document loads as it stands; but an array of tables that a file need
/// not have is commented with all that is in it. Model in, text out.
/// </summary>
internal sealed class TomlReferenceEmitter(ImmutableDictionary<string, TableModel> tables)
{
    private const int LineCharsMax = 110;

    private static readonly string[] _intro =
    [
        "Every key with its meaning, its range and its default.",
        "",
        "A line \"#key = value\" shows the default of an optional key: remove the '#' to set another value.",
        "Keys without '#' are required and have an example here.",
        "Durations: \"250ms\", \"75s\", \"10m\", \"1h\". Sizes: bytes as an integer, or \"64KiB\", \"16MiB\", \"1GiB\".",
        "A key that is not listed here is an error. For editors, `nativeproxy config schema` prints a JSON Schema.",
    ];

    private readonly CodeWriter _text = new(indentChars: 2);
    private readonly Stack<string> _open = new();

    /// <summary>What stands before each line of TOML: '#' inside tables that a file need not have.</summary>
    private string _mark = "";

    public string Emit(TableModel root)
    {
        Prose(root.Doc);
        foreach (string line in _intro)
            Prose(line);
        EmitSettings(root, path: "");
        return _text.ToString().TrimEnd('\n');
    }

    /// <summary>Values first: in TOML everything after a header belongs to that header.</summary>
    private void EmitSettings(TableModel table, string path)
    {
        foreach (SettingModel setting in table.Settings.Where(static setting => !setting.IsTable))
            EmitValue(setting);
        foreach (SettingModel setting in table.Settings.Where(static setting => setting.IsTable))
            EmitTable(setting, path.Length == 0 ? setting.Key : $"{path}.{setting.Key}");
    }

    private void EmitTable(SettingModel setting, string path)
    {
        // An unknown type, or one inside itself, is shown nowhere: the schema tells the compiler about it elsewhere.
        if (_open.Contains(setting.ElementType) || !tables.TryGetValue(setting.ElementType, out TableModel? table))
            return;
        bool isNested = _open.Count > 0;
        _open.Push(setting.ElementType);
        _text.Line();
        if (isNested)
            _text.Indent();
        else
            _text.Line();
        Prose(setting.Doc.Length > 0 ? setting.Doc : table.Doc);
        string markAround = _mark;
        if (setting is { Kind: SettingKind.TableArray, IsRequired: false })
            _mark = "#";
        _text.Line(_mark + (setting.Kind == SettingKind.TableArray ? $"[[{path}]]" : $"[{path}]"));
        EmitSettings(table, path);
        _mark = markAround;
        if (isNested)
            _text.Outdent();
        _open.Pop();
    }

    private void EmitValue(SettingModel setting)
    {
        _text.Line();
        Prose(setting.Doc);
        foreach (ChoiceModel choice in setting.Choices)
            EmitChoice(setting, choice);
        string range = SettingWords.Range(setting);
        if (setting.IsRequired && !setting.IsConditional)
            Prose(range.Length > 0 ? $"Required: {range}." : "Required.");
        else if (range.Length > 0 && setting.Kind != SettingKind.Boolean)
            Prose($"{char.ToUpperInvariant(range[0])}{range.Substring(1)}.");
        EmitAssignment(setting.IsRequired ? _mark : "#", $"{setting.Key} = {SettingWords.Literal(setting)}", setting.Kind);
    }

    /// <summary>A list may take several lines; each has the mark, so that uncommenting stays mechanical.</summary>
    private void EmitAssignment(string mark, string assignment, SettingKind kind)
    {
        bool isList = kind is SettingKind.TextList or SettingKind.ChoiceList;
        foreach (string line in isList ? CodeWriter.Wrap(assignment, LineCharsMax) : [assignment])
            _text.Line(mark + line);
    }

    private void EmitChoice(SettingModel setting, ChoiceModel choice)
    {
        int nameChars = setting.Choices.Max(static one => one.Name.Length) + 2;
        string name = SettingWords.Quoted(choice.Name).PadRight(nameChars);
        _text.Line($"#   {name}  {choice.Doc}".TrimEnd());
    }

    private void Prose(string text)
    {
        foreach (string line in CodeWriter.Wrap(text, LineCharsMax))
            _text.Line($"# {line}".TrimEnd());
    }
}
