using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace NativeProxy.Generators;

/// <summary>
/// Reads one attributed property into a <see cref="SettingModel"/> and reports every mistake of its declaration.
/// Short-lived: it holds symbols and never enters a model.
/// </summary>
internal sealed class SettingExtractor
{
    private readonly IPropertySymbol _property;
    private readonly AttributeArguments _arguments;
    private readonly List<SettingModel> _earlier;
    private readonly List<DiagnosticModel> _diagnostics;
    private readonly string _key;

    public SettingExtractor(IPropertySymbol property, AttributeData attribute, List<SettingModel> earlier, List<DiagnosticModel> diagnostics)
    {
        _property = property;
        _arguments = new AttributeArguments(attribute);
        _earlier = earlier;
        _diagnostics = diagnostics;
        _key = _arguments.First;
    }

    /// <summary>The model, or null when the declaration is too wrong to emit anything; the reason is then reported.</summary>
    public SettingModel? Extract()
    {
        if (!HasPropertyShape())
            return Refuse(SchemaDiagnostics.PropertyShape, _property.Name);
        if (SettingShape.Of(_property, _arguments.Flag("Auto")) is not SettingShape shape)
            return Refuse(SchemaDiagnostics.UnsupportedType, _property.Name, _property.Type.ToDisplayString());
        CheckKey();
        if (shape.Kind is not (SettingKind.Table or SettingKind.TableArray) && _arguments.Text("Doc").Length == 0)
            Report(SchemaDiagnostics.MissingDoc, _property.Name);

        EquatableArray<ChoiceModel> choices = new(shape.Choices());
        (long min, long max) = ReadBounds(shape.Kind);
        SettingValue value = ReadValue(shape.Kind, choices, min, max);
        CheckDefaultAtMost(shape.Kind);
        return new SettingModel(
            _property.Name,
            _key,
            shape.Kind,
            _property.Type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat),
            shape.Element.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat),
            SyntaxFacts.GetText(_property.DeclaredAccessibility),
            _property.SetMethod is not null,
            _arguments.Text("Doc"),
            _arguments.Flag("Required"),
            _arguments.Flag("Conditional"),
            _arguments.Flag("MayBeQuoted"),
            value,
            min,
            max,
            _arguments.Text("DefaultAtMost"),
            _arguments.Text("Pattern"),
            _arguments.Text("Word"),
            choices);
    }

    private bool HasPropertyShape() =>
        _property is { IsPartialDefinition: true, IsStatic: false, IsIndexer: false, GetMethod: not null }
        && _property.SetMethod is null or { IsInitOnly: true };

    private void CheckKey()
    {
        if (_key.Length == 0 || _key.Any(static c => c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '_')))
            Report(SchemaDiagnostics.WrongKey, _key);
        if (_earlier.Any(setting => setting.Key == _key))
            Report(SchemaDiagnostics.DuplicateKey, _key, _property.ContainingType.Name);
    }

    private (long Min, long Max) ReadBounds(SettingKind kind)
    {
        bool isInt32 = _property.Type.SpecialType == SpecialType.System_Int32;
        long min = ReadBound("Min", kind, 0);
        long max = ReadBound("Max", kind, isInt32 ? int.MaxValue : long.MaxValue);
        if (min > max)
            Report(SchemaDiagnostics.WrongBound, _property.Name, "Min is above Max");
        if (isInt32 && (max > int.MaxValue || min < int.MinValue))
            Report(SchemaDiagnostics.WrongBound, _property.Name, "they do not fit an int");
        if (kind == SettingKind.AutoInteger && min < 1)
            Report(SchemaDiagnostics.WrongBound, _property.Name, "0 stands for \"auto\", so Min must be at least 1");
        return (min, max);
    }

    private long ReadBound(string name, SettingKind kind, long absent)
    {
        if (_arguments.Find(name) is not TypedConstant bound)
            return absent;
        bool isNumber = kind is SettingKind.Integer or SettingKind.AutoInteger or SettingKind.Duration or SettingKind.Size;
        if (isNumber && SchemaValue.TryNumber(bound, kind, out long number))
            return number;
        Report(SchemaDiagnostics.WrongBound, _property.Name,
            isNumber ? $"{name} must be {SchemaValue.Expected(kind)}" : $"this kind of setting has no {name}");
        return absent;
    }

    /// <summary>Reads the default, or the example of a required setting. Tables and maps have neither.</summary>
    private SettingValue ReadValue(SettingKind kind, EquatableArray<ChoiceModel> choices, long min, long max)
    {
        bool isRequired = _arguments.Flag("Required");
        string name = isRequired ? "Example" : "Default";
        if (isRequired && kind is not (SettingKind.Text or SettingKind.TextList or SettingKind.ChoiceList or SettingKind.TableArray))
            Report(SchemaDiagnostics.WrongRequired, _property.Name);
        bool isTable = kind is SettingKind.Table or SettingKind.TableArray or SettingKind.MatchMap
            or SettingKind.ShareMap or SettingKind.TextMap;
        if (_arguments.Find(name) is not TypedConstant given)
        {
            if (!isTable)
                Report(SchemaDiagnostics.NoDefault, _property.Name);
            return SettingValue.None;
        }

        SettingValue? value = SchemaValue.Read(given, kind, choices);
        if (value is null)
            Report(SchemaDiagnostics.WrongDefault, _property.Name, name, SchemaValue.Expected(kind));
        else if (IsOutOfRange(kind, value, min, max))
            Report(SchemaDiagnostics.DefaultOutOfRange, _property.Name, name);
        return value ?? SettingValue.None;
    }

    private static bool IsOutOfRange(SettingKind kind, SettingValue value, long min, long max) => kind switch
    {
        SettingKind.AutoInteger when value.Number == 0 => value.Text != "auto",
        SettingKind.Integer or SettingKind.AutoInteger or SettingKind.Duration or SettingKind.Size => value.Number < min || value.Number > max,
        _ => false,
    };

    private void CheckDefaultAtMost(SettingKind kind)
    {
        string name = _arguments.Text("DefaultAtMost");
        bool isNumber = kind is SettingKind.Integer or SettingKind.Duration or SettingKind.Size;
        if (name.Length > 0 && !(isNumber && _earlier.Any(setting => setting.Property == name && setting.Kind == kind)))
            Report(SchemaDiagnostics.WrongLimitProperty, _property.Name);
    }

    private SettingModel? Refuse(DiagnosticDescriptor rule, params string[] arguments)
    {
        Report(rule, arguments);
        return null;
    }

    private void Report(DiagnosticDescriptor rule, params string[] arguments) =>
        _diagnostics.Add(DiagnosticModel.At(_property.Locations.FirstOrDefault(), rule, arguments));
}
