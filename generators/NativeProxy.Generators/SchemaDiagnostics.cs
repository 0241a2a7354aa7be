using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace NativeProxy.Generators;

/// <summary>The mistakes that a settings schema can have: one descriptor each.</summary>
internal static class SchemaDiagnostics
{
    // These rules belong to this repository alone and are never shipped: a release file for them (RS2008) would serve nobody.
#pragma warning disable RS2008
    public static readonly DiagnosticDescriptor TableShape = Rule("NP001", "A settings table must be a top-level readonly partial struct",
        "'{0}' must be a top-level, non-generic `readonly partial struct`");
    public static readonly DiagnosticDescriptor PropertyShape = Rule("NP002", "A setting must be a partial property",
        "'{0}' must be a partial instance property with `get` and, at most, `init`");
    public static readonly DiagnosticDescriptor MissingDoc = Rule("NP003", "A setting needs a Doc",
        "'{0}' has no Doc: users read it in the reference and in their editor");
    public static readonly DiagnosticDescriptor DuplicateKey = Rule("NP004", "A key is used twice", "The key \"{0}\" is used twice in '{1}'");
    public static readonly DiagnosticDescriptor UnsupportedType = Rule("NP005", "A setting has an unsupported type",
        "'{0}' has the type {1}, which no kind of setting has");
    public static readonly DiagnosticDescriptor WrongDefault = Rule("NP006", "A default has the wrong type", "The {1} of '{0}' must be {2}");
    public static readonly DiagnosticDescriptor DefaultOutOfRange = Rule("NP007", "A default is out of range",
        "The {1} of '{0}' is outside Min and Max");
    public static readonly DiagnosticDescriptor NoDefault = Rule("NP008", "A setting has neither a default nor is it required",
        "'{0}' needs a Default, or Required with an Example");
    public static readonly DiagnosticDescriptor WrongBound = Rule("NP009", "A bound is wrong", "The bounds of '{0}' are wrong: {1}");
    public static readonly DiagnosticDescriptor WrongLimitProperty = Rule("NP010", "DefaultAtMost names no fitting property",
        "DefaultAtMost of '{0}' must name an earlier setting of the same kind");
    public static readonly DiagnosticDescriptor WrongRequired = Rule("NP011", "Required does not fit",
        "'{0}' cannot be Required: only strings, lists and arrays of tables can");
    public static readonly DiagnosticDescriptor WrongKey = Rule("NP012", "A key is not snake_case",
        "The key \"{0}\" must be snake_case: lower-case letters, digits and '_'");
#pragma warning restore RS2008

    private static DiagnosticDescriptor Rule(string id, string title, string message) =>
        new(id, title, message, "NativeProxy.Settings", DiagnosticSeverity.Error, isEnabledByDefault: true);
}

/// <summary>
/// A diagnostic as a plain value: kept through the pipeline in place of a <see cref="Diagnostic"/>, whose location holds on to syntax.
/// </summary>
internal sealed record DiagnosticModel(DiagnosticDescriptor Rule, string File, TextSpan Span, LinePositionSpan Lines,
    EquatableArray<string> Arguments)
{
    public static DiagnosticModel At(Location? location, DiagnosticDescriptor rule, params string[] arguments) => new(
        rule,
        location?.SourceTree?.FilePath ?? "",
        location?.SourceSpan ?? default,
        location?.GetLineSpan().Span ?? default,
        new EquatableArray<string>(arguments));

    public Diagnostic ToDiagnostic()
    {
        object[] arguments = new object[Arguments.Count];
        for (int i = 0; i < arguments.Length; i++)
            arguments[i] = Arguments[i];
        return Diagnostic.Create(Rule, Location.Create(File, Span, Lines), arguments);
    }
}
