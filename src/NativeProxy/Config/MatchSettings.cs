using System;
using System.Collections.Immutable;
using System.Linq;

namespace NativeProxy.Config;

/// <summary>How a value is compared with the texts of a match.</summary>
internal enum MatchKind : byte
{
    /// <summary>It is one of the texts.</summary>
    Exact,

    /// <summary>There is one, whatever it says.</summary>
    Present,

    /// <summary>There is none.</summary>
    Absent,

    /// <summary>It begins with the text.</summary>
    Prefix,

    /// <summary>It ends with the text.</summary>
    Suffix,

    /// <summary>The text is in it.</summary>
    Contains,

    /// <summary>The regular expression is found in it.</summary>
    Regex,
}

/// <summary>One condition on a value that a request has under a name: a header field, a parameter of the query, a cookie.</summary>
/// <param name="name">As the file spells it.</param>
/// <param name="kind">How values are compared.</param>
/// <param name="texts">One text; for <see cref="MatchKind.Exact"/> one or more, for presence and absence none.</param>
internal readonly struct MatchSettings(string name, MatchKind kind, ImmutableArray<string> texts) : IEquatable<MatchSettings>
{
    public string Name { get; } = name;

    public MatchKind Kind { get; } = kind;

    public ImmutableArray<string> Texts { get; } = texts;

    public bool Equals(MatchSettings other) => Name == other.Name && Kind == other.Kind && Texts.SequenceEqual(other.Texts);

    public override bool Equals(object? obj) => obj is MatchSettings other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Name, Kind, Texts.Length);

    /// <summary>As a file would say it: `x = ["a", "b"]`.</summary>
    public override string ToString() => Name + " = " + Kind switch
    {
        MatchKind.Present => "true",
        MatchKind.Absent => "false",
        MatchKind.Exact => Texts.Length == 1 ? Quoted(Texts[0]) : $"[{string.Join(", ", Texts.Select(Quoted))}]",
        MatchKind.Prefix => $"{{ prefix = {Quoted(Texts[0])} }}",
        MatchKind.Suffix => $"{{ suffix = {Quoted(Texts[0])} }}",
        MatchKind.Contains => $"{{ contains = {Quoted(Texts[0])} }}",
        _ => $"{{ regex = {Quoted(Texts[0])} }}",
    };

    private static string Quoted(string text) => $"\"{text}\"";
}

/// <summary>A text under a free name, such as the value of a header field.</summary>
internal readonly record struct NamedText(string Name, string Text)
{
    /// <summary>As a file would say it: `X = "y"`.</summary>
    public override string ToString() => $"{Name} = \"{Text}\"";
}

/// <summary>The part of requests that something is given, beside others.</summary>
/// <param name="Name">What it is given to.</param>
/// <param name="Weight">Its part of the sum of all weights, not below 0.</param>
internal readonly record struct ShareSettings(string Name, int Weight)
{
    /// <summary>As a file would say it: `stable = 95`.</summary>
    public override string ToString() => $"{Name} = {Weight}";
}
