using System.Linq;
using Microsoft.CodeAnalysis;

namespace NativeProxy.Generators;

/// <summary>The named arguments of one attribute by name. Short-lived: it holds a symbol's data and never enters a model.</summary>
internal readonly struct AttributeArguments(AttributeData attribute)
{
    public TypedConstant? Find(string name)
    {
        foreach (System.Collections.Generic.KeyValuePair<string, TypedConstant> argument in attribute.NamedArguments)
        {
            if (argument.Key == name)
                return argument.Value;
        }

        return null;
    }

    /// <summary>The text of a string argument; empty when it is not given.</summary>
    public string Text(string name) => Find(name)?.Value as string ?? "";

    public bool Flag(string name) => Find(name)?.Value is true;

    /// <summary>The text of the first constructor argument.</summary>
    public string First => attribute.ConstructorArguments.FirstOrDefault().Value as string ?? "";
}
