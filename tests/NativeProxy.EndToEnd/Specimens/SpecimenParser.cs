using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace NativeProxy.EndToEnd.Specimens;

/// <summary>Reads the Markdown of a specimen (tests/specimens/README.md). Used once per file; throws <see cref="SpecimenError"/>.</summary>
internal sealed class SpecimenParser
{
    private static readonly Regex Step = new(@"^(client|origin|proxy)(?: ([1-9]))? (.+)$", RegexOptions.CultureInvariant);

    private readonly string _file;
    private readonly string[] _lines;
    private readonly List<string> _listener = [];
    private readonly List<string> _upstream = [];
    private readonly List<SpecimenStep> _steps = [];
    private int _line;
    private int _originCount;
    private int _clientCount;
    private bool _hasReason;

    private SpecimenParser(string file, string text)
    {
        _file = file;
        _lines = text.Replace("\r\n", "\n").TrimEnd('\n').Split('\n');
    }

    /// <param name="file">Its name, for messages.</param>
    /// <param name="text">The whole file.</param>
    public static Specimen Parse(string file, string text) => new SpecimenParser(file, text).ReadAll();

    private Specimen ReadAll()
    {
        if (!_lines[0].StartsWith("# ", System.StringComparison.Ordinal) || _lines[0].Length < 3)
            throw Error(0, "a specimen begins with its title: # ...");
        for (_line = 1; _line < _lines.Length; _line++)
            ReadLine(_lines[_line]);
        if (_steps.Count == 0)
            throw Error(_lines.Length - 1, "nothing happens: there is no step such as **client sends**");
        return new Specimen(_file, _lines[0][2..], _listener, _upstream, _steps);
    }

    private void ReadLine(string line)
    {
        if (line.StartsWith("```", System.StringComparison.Ordinal))
            throw Error(_line, "a block belongs to a step: **client sends**, **client receives**, **listener**...");
        if (line.StartsWith('#'))
            throw Error(_line, "a specimen has one heading, its title");
        if (line.StartsWith("**", System.StringComparison.Ordinal))
        {
            if (!_hasReason)
                throw Error(_line, "a line between the title and the first step says why this case matters");
            if (line.Length < 5 || !line.EndsWith("**", System.StringComparison.Ordinal))
                throw Error(_line, "a step stands alone on its line: **client sends**");
            ReadStep(line[2..^2]);
        }
        else if (line.Trim().Length > 0)
        {
            _hasReason = true;
        }
    }

    private void ReadStep(string step)
    {
        int at = _line;
        if (step is "listener" or "upstream")
        {
            if (_steps.Count > 0)
                throw Error(at, "settings stand before the first step");
            (step == "listener" ? _listener : _upstream).AddRange(ReadBlock($"**{step}**"));
            return;
        }
        Match match = Step.Match(step);
        if (!match.Success || ActionOf(match.Groups[3].Value, match.Groups[1].Value == "proxy") is not { } action)
            throw Error(at, $"unknown step \"{step}\"; see tests/specimens/README.md");
        SpecimenActor actor =
            match.Groups[1].Value switch { "client" => SpecimenActor.Client, "origin" => SpecimenActor.Origin, _ => SpecimenActor.Proxy };
        int number = match.Groups[2].Success ? int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) : 1;
        CheckNumber(at, actor, number);
        string bytes = action is SpecimenAction.Sends or SpecimenAction.Receives ? ReadBytes(step) : "";
        _steps.Add(new SpecimenStep(at + 1, actor, number, action, bytes));
    }

    private static SpecimenAction? ActionOf(string words, bool isProxy) => (words, isProxy) switch
    {
        ("sends", false) => SpecimenAction.Sends,
        ("receives", false) => SpecimenAction.Receives,
        ("FIN", false) => SpecimenAction.Fin,
        ("RST", false) => SpecimenAction.Rst,
        ("closes", false) => SpecimenAction.Closes,
        ("sees FIN", false) => SpecimenAction.SeesFin,
        ("sees RST", false) => SpecimenAction.SeesRst,
        ("sees the end", false) => SpecimenAction.SeesEnd,
        ("freezes", true) => SpecimenAction.Freezes,
        ("thaws", true) => SpecimenAction.Thaws,
        _ => null,
    };

    /// <summary>Connections are numbered in the order in which they first occur.</summary>
    private void CheckNumber(int at, SpecimenActor actor, int number)
    {
        ref int count = ref _clientCount;
        if (actor == SpecimenActor.Origin)
            count = ref _originCount;
        if (number > count + 1)
            throw Error(at, $"there is no {(actor == SpecimenActor.Origin ? "origin" : "client")} {number - 1} before this one");
        if (actor != SpecimenActor.Proxy && number > count)
            count = number;
    }

    private string ReadBytes(string step)
    {
        var bytes = new StringBuilder();
        foreach (string line in ReadBlock($"**{step}**"))
        {
            if (SpecimenText.Decode(line, out string fault) is not { } decoded)
                throw Error(_blockLine, fault);
            bytes.Append(decoded);
            _blockLine++;
        }
        return bytes.Length > 0 ? bytes.ToString() : throw Error(_line, $"the block of **{step}** is empty");
    }

    /// <summary>Index of the line that is being decoded; the first one of the block after <see cref="ReadBlock"/>.</summary>
    private int _blockLine;

    /// <summary>The lines of the fenced block that must follow; only empty lines may stand between. Stops at the closing fence.</summary>
    private List<string> ReadBlock(string owner)
    {
        int at = _line;
        do
            _line++;
        while (_line < _lines.Length && _lines[_line].Length == 0);
        if (_line == _lines.Length || !_lines[_line].StartsWith("```", System.StringComparison.Ordinal))
            throw Error(at, $"{owner} needs a block behind it");
        int open = _line;
        _blockLine = open + 1;
        var lines = new List<string>();
        for (_line++; _line < _lines.Length; _line++)
        {
            if (_lines[_line] == "```")
                return lines;
            lines.Add(_lines[_line]);
        }
        throw Error(open, "this block has no end");
    }

    private SpecimenError Error(int lineIndex, string message) => new(_file, lineIndex + 1, message);
}
