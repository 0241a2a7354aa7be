using System.Collections.Generic;
using System.Linq;
using System.Text;
using Microsoft.CodeAnalysis;

namespace NativeProxy.Generators;

/// <summary>Decides from a property's type and name which kind of setting it is. Holds a symbol; never enters a model.</summary>
internal readonly record struct SettingShape(SettingKind Kind, ITypeSymbol Element)
{
    private const string TableAttribute = "NativeProxy.Config.SettingsTableAttribute";
    private const string ChoiceAttribute = "NativeProxy.Config.SettingChoiceAttribute";
    private const string MatchType = "NativeProxy.Config.MatchSettings";
    private const string NamedTextType = "NativeProxy.Config.NamedText";
    private const string ShareType = "NativeProxy.Config.ShareSettings";
    private const string ListType = "System.Collections.Immutable.ImmutableArray<T>";

    /// <summary>The shape of a property, or null when its type has no kind.</summary>
    public static SettingShape? Of(IPropertySymbol property, bool isAuto)
    {
        ITypeSymbol type = property.Type;
        if (type is INamedTypeSymbol { Arity: 1 } list && list.ConstructedFrom.ToDisplayString() == ListType)
            return OfList(list.TypeArguments[0]);
        if (isAuto && type is INamedTypeSymbol { ConstructedFrom.SpecialType: SpecialType.System_Nullable_T } maybe
            && maybe.TypeArguments[0].SpecialType == SpecialType.System_Boolean)
        {
            return new SettingShape(SettingKind.AutoBoolean, type);
        }

        if (isAuto)
            return type.SpecialType is SpecialType.System_Int32 or SpecialType.System_Int64 ? new SettingShape(SettingKind.AutoInteger, type) : null;
        return type.SpecialType switch
        {
            SpecialType.System_Boolean => new SettingShape(SettingKind.Boolean, type),
            SpecialType.System_String => new SettingShape(SettingKind.Text, type),
            SpecialType.System_Int64 when property.Name.EndsWith("Ms") => new SettingShape(SettingKind.Duration, type),
            SpecialType.System_Int32 when property.Name.EndsWith("Ms") => null,
            SpecialType.System_Int32 or SpecialType.System_Int64 when property.Name.EndsWith("Bytes") => new SettingShape(SettingKind.Size, type),
            SpecialType.System_Int32 or SpecialType.System_Int64 => new SettingShape(SettingKind.Integer, type),
            _ when type.TypeKind == TypeKind.Enum => new SettingShape(SettingKind.Choice, type),
            _ when IsTable(type) => new SettingShape(SettingKind.Table, type),
            _ => null,
        };
    }

    /// <summary>The members of the enum with their names in the file; empty for other kinds.</summary>
    public IEnumerable<ChoiceModel> Choices()
    {
        if (Kind is not (SettingKind.Choice or SettingKind.ChoiceList))
            yield break;
        string typeName = Element.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);
        foreach (IFieldSymbol member in Element.GetMembers().OfType<IFieldSymbol>().Where(static field => field.HasConstantValue))
        {
            AttributeData? attribute = member.GetAttributes().FirstOrDefault(static a => a.AttributeClass?.ToDisplayString() == ChoiceAttribute);
            AttributeArguments? arguments = attribute is null ? null : new AttributeArguments(attribute);
            yield return new ChoiceModel(arguments?.First ?? SnakeCase(member.Name), $"{typeName}.{member.Name}", arguments?.Text("Doc") ?? "");
        }
    }

    /// <summary>RoundRobin becomes round_robin.</summary>
    private static string SnakeCase(string name)
    {
        StringBuilder text = new();
        foreach (char c in name)
        {
            if (char.IsUpper(c) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }

    private static SettingShape? OfList(ITypeSymbol element)
    {
        if (element.SpecialType == SpecialType.System_String)
            return new SettingShape(SettingKind.TextList, element);
        if (element.TypeKind == TypeKind.Enum)
            return new SettingShape(SettingKind.ChoiceList, element);
        if (element.ToDisplayString() == MatchType)
            return new SettingShape(SettingKind.MatchMap, element);
        if (element.ToDisplayString() == ShareType)
            return new SettingShape(SettingKind.ShareMap, element);
        if (element.ToDisplayString() == NamedTextType)
            return new SettingShape(SettingKind.TextMap, element);
        return IsTable(element) ? new SettingShape(SettingKind.TableArray, element) : null;
    }

    private static bool IsTable(ITypeSymbol type) =>
        type.GetAttributes().Any(static a => a.AttributeClass?.ToDisplayString() == TableAttribute);
}
