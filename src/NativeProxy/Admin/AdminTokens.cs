namespace NativeProxy.Admin;

/// <summary>The files with the tokens that the operator's endpoint asks for. Immutable.</summary>
/// <param name="ReadFile">Who reads must show what it holds; empty = nobody needs to.</param>
/// <param name="WriteFile">Who changes something must; empty = nobody may.</param>
internal sealed record AdminTokens(string ReadFile, string WriteFile)
{
    /// <summary>Everybody may read, nobody may change anything.</summary>
    public static readonly AdminTokens None = new("", "");
}
